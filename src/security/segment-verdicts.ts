import { tryNodeModule } from "../shared/platform.js";
import type { TextCategory } from "./evidence.js";
import type { Segment } from "./types.js";

/** What a text scores, 0 to 1. */
export type TextScores = Readonly<Record<TextCategory, number>>;

/**
 * Scores of texts in which nothing was found, so that a text that comes again is not judged again: each turn of a conversation brings all
 * that were before. Texts are known by the SHA-256 of what a verdict depends on; who could make two of one digest
 * could hide one behind the other. The least recently used are forgotten.
 */
export class SegmentVerdicts {
  readonly #maxEntries: number;
  /** In the order of their last use. */
  readonly #scores = new Map<string, TextScores>();

  /** @param maxEntries each takes about 200 bytes */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** How `segment` is known. @param isCovered whether Hydra reads it in a joined segment */
  keyOf({ text, context, parts }: Segment, isCovered: boolean): string {
    const facts = `${context} ${isCovered ? "covered" : "own"} ${parts ? "joined" : "alone"} ${text}`;
    const crypto = tryNodeModule("crypto");
    // Elsewhere the text itself is as good, but not as small.
    return crypto ? crypto.hash("sha256", facts, "base64") : facts;
  }

  get(key: string): TextScores | undefined {
    const scores = this.#scores.get(key);
    if (scores) {
      this.#scores.delete(key);
      this.#scores.set(key, scores);
    }
    return scores;
  }

  set(key: string, scores: TextScores): void {
    this.#scores.delete(key);
    this.#scores.set(key, scores);
    if (this.#scores.size <= this.#maxEntries) return;
    const [oldest] = this.#scores.keys();
    this.#scores.delete(oldest);
  }

  get size(): number {
    return this.#scores.size;
  }
}
