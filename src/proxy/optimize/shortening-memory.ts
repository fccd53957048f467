import { LruMap } from "../../shared/lru-map.js";
import type { Shortening } from "./tool-text.js";

/** What is written in the place of a string literal. */
export interface ShorterLiteral {
  readonly literal: string;
  readonly how: Shortening;
  readonly tokensSaved: number;
}

/** The literal is absent where nothing can be done: that is remembered too. */
interface Remembered {
  readonly shorter?: ShorterLiteral;
}

/** What was done with string literals, by what it depends on. The least recently used goes first. */
export class ShorteningMemory {
  readonly #entries: LruMap<string, Remembered>;

  constructor(maxBytes: number) {
    // Strings take up to two bytes a unit.
    this.#entries = new LruMap(
      maxBytes,
      ({ shorter }, key) => 2 * (key.length + (shorter?.literal.length ?? 0)) + 128,
    );
  }

  get(key: string, make: () => ShorterLiteral | undefined): ShorterLiteral | undefined {
    const known = this.#entries.get(key);
    if (known) return known.shorter;
    const made = make();
    const shorter = made && { literal: made.literal, how: made.how, tokensSaved: made.tokensSaved };
    this.#entries.set(key, { shorter });
    return shorter;
  }
}
