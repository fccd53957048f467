import { LruMap } from "../shared/lru-map.js";
import { tryNodeModule } from "../shared/platform.js";
import type { TextCategory } from "./evidence.js";
import type { SegmentFinding } from "./report/threats.js";
import type { Segment } from "./types.js";

/** What was found in the text of a segment, in all its readings. */
export interface SegmentVerdict {
  /** The highest score by category, 0 to 1. */
  readonly scores: Record<TextCategory, number>;
  readonly findings: readonly SegmentFinding[];
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

  /** @param maxEntries most take about 300 bytes */
  constructor(maxEntries: number) {
    this.#verdicts = new LruMap(maxEntries);
  }

  /** How `segment` is known. @param isCovered whether Hydra reads it in a joined segment */
  keyOf({ text, context, parts }: Segment, isCovered: boolean): string {
    const facts = `${context} ${isCovered ? "covered" : "own"} ${parts ? "joined" : "alone"} ${text}`;
    const crypto = tryNodeModule("crypto");
    // Elsewhere the text itself is as good, but not as small.
    return crypto ? crypto.hash("sha256", facts, "base64") : facts;
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
