import type { Shortening } from "./tool-text.js";

/** What is written in the place of a string literal. */
export interface ShorterLiteral {
  readonly literal: string;
  readonly how: Shortening;
  readonly tokensSaved: number;
}

interface Remembered {
  readonly shorter: ShorterLiteral | undefined;
  readonly sizeBytes: number;
}

/** The least recently used goes first. That nothing can be done is remembered too. */
export class ShorteningMemory {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Remembered>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: string, make: () => ShorterLiteral | undefined): ShorterLiteral | undefined {
    const known = this.#entries.get(key);
    if (known) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.shorter;
    }
    const made = make();
    const shorter = made && { literal: made.literal, how: made.how, tokensSaved: made.tokensSaved };
    // Strings take up to two bytes a unit.
    const sizeBytes = 2 * (key.length + (shorter?.literal.length ?? 0)) + 128;
    if (sizeBytes > this.#maxBytes) return shorter;
    this.#entries.set(key, { shorter, sizeBytes });
    this.#bytes += sizeBytes;
    for (const [oldest, { sizeBytes: freed }] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#entries.delete(oldest);
      this.#bytes -= freed;
    }
    return shorter;
  }
}
