import { lineStarts } from "../../shared/line-starts.js";
import { partitionPoint } from "../../shared/partition-point.js";
import { escapeUnsafe } from "../../shared/quote.js";
import { TEXT_CATEGORIES, type TextCategory } from "../evidence.js";
import type { Judgement } from "../judge.js";
import type { PayloadFinding } from "../payload/index.js";
import {
  THREAT_CATEGORIES,
  type Segment,
  type SegmentPart,
  type Severity,
  type Threat,
  type ThreatCategory,
  type ThreatLocation,
} from "../types.js";
import { hydraFacts } from "./rule-facts.js";

/** What scores less is noise. */
const LISTED_FROM = 0.2;
const EXCERPT_UNITS = 120;
/** A key of megabytes is part of each pointer below it. */
const POINTER_UNITS = 1024;

/** A threat in the text of a segment, wherever that stands. */
export interface SegmentFinding extends Omit<Threat, "location" | "match" | "excerpt"> {
  /** UTF-16 offsets in the text. */
  readonly start: number;
  readonly end: number;
  /** What had to be undone inside the text to see it. */
  readonly layers: readonly string[];
}

/** What one reading of a segment shows, without what is noise. */
export function segmentFindings(
  { hits, prediction, view, evidence }: Judgement,
  scores: Readonly<Record<TextCategory, number>>,
): SegmentFinding[] {
  const findings: SegmentFinding[] = [];
  const { layers } = view;
  for (const { rule, start, end } of hits) {
    const { id, name, category, severity } = rule;
    if (category === "malformed" || scores[category] < LISTED_FROM) continue;
    const score = scores[category];
    findings.push({
      id,
      name,
      category,
      severity,
      score,
      source: "rule",
      layers,
      ...view.toSource(start, end),
    });
  }
  const top = TEXT_CATEGORIES.reduce((a, b) => (scores[b] > scores[a] ? b : a));
  // What makes a text unsafe is always listed: Hydra stands for it where no rule does.
  if (!prediction || (hits.length > 0 && (evidence.unsafeLogit ?? 0) <= 0)) return findings;
  const score = scores[top];
  if (score < LISTED_FROM) return findings;
  const { id, name, category } = hydraFacts(top);
  const { start, end } = view.toSource(prediction.window.start, prediction.window.end);
  findings.push({
    id,
    name,
    category,
    severity: severityOf(score),
    score,
    source: "hydra",
    layers,
    start,
    end,
  });
  return findings;
}

/** Collects what was found in one document, and says where it stands. */
export class ThreatReport {
  readonly #document: string;
  readonly #wires: readonly string[];
  readonly #threats: Threat[] = [];
  #lineStarts: number[] | undefined;

  /** @param wires algorithms that were undone to get at `document`, outermost first */
  constructor(document: string, wires: readonly string[]) {
    this.#document = document;
    this.#wires = wires;
  }

  addPayload({ check, pointer, offset, length, position }: PayloadFinding): void {
    const location = this.#locate(pointer, offset, length, position, []);
    this.#threats.push({
      id: check.id,
      name: check.name,
      category: "malformed",
      severity: check.severity,
      location,
      match: oneLine(this.#document, position, position + length),
      excerpt: excerptOf(this.#document, position, length),
      score: check.weight,
      source: "rule",
    });
  }

  /** Adds what was found in `segment`. */
  addFindings(segment: Segment, findings: readonly SegmentFinding[]): void {
    for (const { start, end, layers, ...facts } of findings) {
      const home = homeOf(segment, start);
      const location = this.#locate(
        home.pointer,
        start - home.start,
        Math.min(end, home.end) - start,
        home.offset + start - home.start,
        [...(segment.layers ?? []), ...layers],
      );
      const match = oneLine(segment.text, start, start + location.length);
      this.#threats.push({ ...facts, location, match, excerpt: excerptOf(segment.text, start, end - start) });
    }
  }

  /** The first `most` of `categories`, the highest scores first; equals in the order of the document. */
  threats(categories: readonly ThreatCategory[] = THREAT_CATEGORIES, most = Infinity): Threat[] {
    const wanted = this.#threats.filter(({ category }) => categories.includes(category));
    return wanted.sort((a, b) => b.score - a.score).slice(0, most);
  }

  #locate(
    pointer: string,
    offset: number,
    length: number,
    position: number,
    layers: readonly string[],
  ): ThreatLocation {
    const undone = [...this.#wires, ...layers];
    return {
      pointer: shorten(pointer),
      offset,
      length,
      line: this.#lineAt(position),
      ...(undone.length > 0 ? { layers: undone } : {}),
    };
  }

  /** Line, from 1, of a UTF-16 offset of the document. */
  #lineAt(position: number): number {
    const starts = (this.#lineStarts ??= lineStarts(this.#document));
    return partitionPoint(starts.length, (line) => starts[line] <= position);
  }
}

/** The string of a segment that `at` is in, and where it ends there. */
function homeOf({ text, pointer, offset, parts = [] }: Segment, at: number): SegmentPart & { end: number } {
  const index = parts.findLastIndex(({ start }) => start <= at);
  const part = index < 0 ? { start: 0, pointer, offset } : parts[index];
  // A blank stands between two strings.
  return { ...part, end: index + 1 < parts.length ? parts[index + 1].start - 1 : text.length };
}

/** `pointer`, with an ellipsis for its middle if it is longer than 1,024 units. */
function shorten(pointer: string): string {
  if (pointer.length <= POINTER_UNITS) return pointer;
  const half = POINTER_UNITS / 2;
  return `${pointer.slice(0, half - 1)}…${pointer.slice(-half)}`.toWellFormed();
}

function severityOf(score: number): Severity {
  if (score >= 0.95) return "critical";
  if (score >= 0.8) return "high";
  return score >= 0.5 ? "medium" : "low";
}

/** The place, with what stands around it if it is short, on one line, cut to 120 units as it is shown. */
function excerptOf(text: string, start: number, length: number): string {
  const spare = Math.max(0, EXCERPT_UNITS - length) >> 1;
  const from = Math.max(0, start - spare);
  return oneLine(text, from, start + length + spare);
}

/** What stands in `text` from `start` to `end`, on one line, cut to 120 units as it is shown. */
function oneLine(text: string, start: number, end: number): string {
  const cut = text.slice(start, Math.min(start + EXCERPT_UNITS, end));
  // The ends may fall into a surrogate pair.
  const shown = escapeUnsafe(cut.toWellFormed().replace(/\s+/g, " ").trim());
  if (shown.length <= EXCERPT_UNITS) return shown;
  // No half of an escape is left.
  return shown
    .slice(0, EXCERPT_UNITS)
    .replace(/\\(?:u(?:\{[\da-f]*)?)?$/, "")
    .toWellFormed();
}
