import type { SegmentContext, Severity, ThreatCategory } from "../types.js";

/** A rule as it stands in a TOML file of `rules/data/` or of a user. */
export interface Rule {
  /** `M2M-INJ-001`; a user's own have another prefix. */
  readonly id: string;
  readonly name: string;
  readonly category: ThreatCategory;
  readonly severity: Severity;
  /** How much a hit alone says, 0 to 1; fusion calibrates it. */
  readonly weight: number;
  /** Why it is a threat, one sentence. */
  readonly description: string;
  /** Where it applies; absent: everywhere. */
  readonly contexts?: readonly SegmentContext[];
  /** Phrases: sequences of word alternatives with bounded gaps. */
  readonly phrases: readonly string[];
  /** Phrases that call a match of `phrases` off if they end shortly before it or in it: "what is", "attacks such as". */
  readonly unless?: readonly string[];
  /** Words that call a match of `phrases` off if they stand right behind it, written as a slot: "pub" of a public key. */
  readonly except?: readonly string[];
  /** Regular expressions of the bounded subset, for what is not words: paths, keys, links. */
  readonly patterns: readonly string[];
  /** Texts that must hit, and near misses that must not. */
  readonly hits: readonly string[];
  readonly misses: readonly string[];
}

/** One place where a rule matches. */
export interface RuleHit {
  readonly rule: Rule;
  /** UTF-16 offsets in the text that was given. */
  readonly start: number;
  readonly end: number;
}
