import { LruMap } from "../shared/lru-map.js";
import { tryNodeModule } from "../shared/platform.js";
import type { TextCategory } from "./evidence.js";
import type { SegmentFinding } from "./report/threats.js";
import type { Segment } from "./types.js";

/** What was found in the text of a segment, in all its readings. */
export interface SegmentVerdict {
  /** The highest score by category, 0 to 1. */
  readonly scores: Record<TextCategory, number>;
  readonly findings: SegmentFinding[];
}

/** A text with more findings is judged again: a memory of them would have no bound. */
const MAX_FINDINGS = 16;

/**
 * Verdicts on texts, so that one that comes again is not judged again: each turn of a conversation brings all that were
 * before. Texts are known by the SHA-256 of what a verdict depends on; who could make two of one digest
 * could hide one behind the other. The least recently used are forgotten.
 */
export class SegmentVerdicts {
  readonly #verdicts: LruMap<string, SegmentVerdict>;
  readonly #crypto = tryNodeModule("crypto");

  /** @param maxEntries most take about 300 bytes */
  constructor(maxEntries: number) {
    this.#verdicts = new LruMap(maxEntries);
  }

  /** How `segment` is known. @param isCovered whether Hydra reads it in a joined segment */
  keyOf({ text, context, parts }: Segment, isCovered: boolean): string {
    const facts = `${context} ${isCovered ? "covered" : "own"} ${parts ? "joined" : "alone"} ${text}`;
    // Elsewhere the text itself is as good, but not as small.
    return this.#crypto ? this.#crypto.hash("sha256", facts, "base64") : facts;
  }

  get(key: string): SegmentVerdict | undefined {
    return this.#verdicts.get(key);
  }

  set(key: string, verdict: SegmentVerdict): void {
    if (verdict.findings.length <= MAX_FINDINGS) this.#verdicts.set(key, verdict);
  }

  get size(): number {
    return this.#verdicts.size;
  }
}

/** The segments of one document, and the verdicts on them that are remembered. */
export class KnownSegments {
  /** Those without a verdict. */
  readonly fresh: readonly Segment[];
  /** The verdict on each segment, by its place; all absent if nothing is remembered. */
  readonly verdicts: readonly (SegmentVerdict | undefined)[];
  readonly #memory: SegmentVerdicts | undefined;
  readonly #keys: readonly string[];

  /** @param covered pointers of strings that Hydra reads in a joined segment */
  constructor(
    memory: SegmentVerdicts | undefined,
    segments: readonly Segment[],
    covered: ReadonlySet<string>,
  ) {
    this.#memory = memory;
    this.#keys = memory ? segments.map((one) => memory.keyOf(one, covered.has(one.pointer))) : [];
    const verdicts = memory ? this.#keys.map((key) => memory.get(key)) : [];
    this.verdicts = verdicts;
    this.fresh = memory ? segments.filter((_, index) => verdicts[index] === undefined) : segments;
  }

  /** Keeps the verdict on the segment at `index`, unless it is one of those that were there. */
  remember(index: number, verdict: SegmentVerdict): void {
    if (this.#memory && this.verdicts[index] === undefined) this.#memory.set(this.#keys[index], verdict);
  }
}
