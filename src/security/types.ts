/** The vocabulary of the scanner: what is looked for, where it was found, what is made of it. */

import type { SegmentContext, ThreatCategory } from "../shared/security-options.js";

export { SEGMENT_CONTEXTS, THREAT_CATEGORIES } from "../shared/security-options.js";
export type { SegmentContext, ThreatCategory } from "../shared/security-options.js";

export const SEVERITIES = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One text of the content that is judged on its own: a message, a tool result, the whole of a plain text. */
export interface Segment {
  readonly text: string;
  readonly context: SegmentContext;
  /** JSON pointer (RFC 6901) of the string in the scanned document; empty for the whole. */
  readonly pointer: string;
  /** UTF-16 offset of the string's first character in the scanned document (behind the quotation mark). */
  readonly offset: number;
  /** What had to be undone inside a string to get this text, outermost first: `json`, `brotli`. The pointer goes on inside. */
  readonly layers?: readonly string[];
  /** The strings that were joined into this text, in order; absent if it is one string. */
  readonly parts?: readonly SegmentPart[];
}

/** One string of a joined segment. */
export interface SegmentPart {
  /** Where it begins in the segment's text. */
  readonly start: number;
  readonly pointer: string;
  readonly offset: number;
}

/** Where a threat is. */
export interface ThreatLocation {
  /** JSON pointer (RFC 6901) of the string; empty for a plain text or the whole document. */
  readonly pointer: string;
  /** UTF-16 offset in that string. */
  readonly offset: number;
  /** UTF-16 units. */
  readonly length: number;
  /** Line of the scanned document, from 1. */
  readonly line: number;
  /** What had to be undone to see it, outermost first: `brotli`, `base64`, `zero-width`. Absent if it stands there openly. */
  readonly layers?: readonly string[];
}

export interface Threat {
  /** `M2M-INJ-001`, or `M2M-HYDRA-INJECTION` for the classifier. Stable. */
  readonly id: string;
  readonly name: string;
  readonly category: ThreatCategory;
  readonly severity: Severity;
  readonly location: ThreatLocation;
  /** What was found, at most 120 characters of it, one line. */
  readonly match: string;
  /** At most 120 characters around it, one line. */
  readonly excerpt: string;
  /** Calibrated probability, 0 to 1, that the segment is a threat of this category. */
  readonly score: number;
  readonly source: "rule" | "hydra";
}

export interface ScanResult {
  /** No category reaches the threshold. */
  readonly safe: boolean;
  /** Calibrated probability, 0 to 1, that the content is unsafe: the highest of `scores`. */
  readonly score: number;
  /** The category of `score`, if it reaches the threshold. */
  readonly threatType?: ThreatCategory;
  /** Probability, 0 to 1, that the verdict is right: `score` if unsafe, `1 - score` if safe. */
  readonly confidence: number;
  readonly scores: Readonly<Record<ThreatCategory, number>>;
  /** What was found, the highest score first; also what stays below the threshold. */
  readonly threats: readonly Threat[];
  /** Blocking is on and the content is not safe. */
  readonly shouldBlock: boolean;
  /** The content is a wire that cannot be opened: nothing in it was scanned. */
  readonly sealed?: true;
}
