import type { ByteContexts } from "./byte-contexts.js";
import { NumberSteps } from "./number-steps.js";
import { StringHabits } from "./string-habits.js";

/** Contexts for which it is remembered what came last. */
const TABLES = 3;
/** And what is known of numbers and strings behind keys. */
export const HABITS = TABLES;
export const FOLLOWERS = TABLES + 1;
/** Entries of one context's table. */
export const FOLLOWER_SLOTS = 4096;
const CONTEXT_BITS = 12;
const MAX_COUNT = 15;

/** Curves of a follower's confidence: by context, by count, by whether it agrees, by stage or 10 and up to 5 decisions in the tree. */
const KINDS = 16;
export const FOLLOWER_VALUES = FOLLOWERS * (MAX_COUNT + 1) * 2 * KINDS;
const TREE_KIND = 10;

/**
 * The byte that last followed each word, last three bytes and text behind a key, and how often in a row: what a message, or
 * its history, says itself. The counters learn that slowly where the prior is sure of something else.
 */
export class Followers {
  /** Check, byte and count of each entry, 16, 8 and 8 bits; 0: none. */
  readonly table = new Int32Array(TABLES * FOLLOWER_SLOTS);
  readonly numbers = new NumberSteps();
  readonly strings = new StringHabits();
  /** What is expected next, by context; -1: nothing. */
  readonly bytes = new Int32Array(FOLLOWERS);
  readonly #counts = new Int32Array(FOLLOWERS);
  readonly #places = new Int32Array(TABLES);
  readonly #checks = new Int32Array(TABLES);

  forget(): void {
    this.table.fill(0);
    this.numbers.forget();
    this.strings.forget();
  }

  /** Looks up what is expected next. */
  find(contexts: ByteContexts): void {
    for (let i = 0; i < TABLES; i++) {
      let h = (Math.imul(contexts.followed(i), 0x9e3779b1) + Math.imul(i, 0x1f123bb5)) | 0;
      h ^= h >>> 15;
      h = Math.imul(h, 0x2c1b3c6d);
      h ^= h >>> 13;
      const place = (i << CONTEXT_BITS) | (h >>> (32 - CONTEXT_BITS));
      const check = (h & 0xffff) | 1;
      const entry = this.table[place];
      const isFound = entry >>> 16 === check;
      this.#places[i] = place;
      this.#checks[i] = check;
      this.bytes[i] = isFound ? (entry >>> 8) & 255 : -1;
      this.#counts[i] = isFound ? entry & 255 : 0;
    }
    const habit = contexts.inString ? this.strings : this.numbers;
    habit.find(contexts);
    this.bytes[HABITS] = habit.byte;
    this.#counts[HABITS] = habit.count;
  }

  /** Learns what came where `find` looked last. */
  append(byte: number, contexts: ByteContexts): void {
    this.numbers.append(byte, contexts);
    for (let i = 0; i < TABLES; i++) {
      const count = this.bytes[i] === byte ? Math.min(MAX_COUNT, this.#counts[i] + 1) : 1;
      this.table[this.#places[i]] = (this.#checks[i] << 16) | (byte << 8) | count;
    }
  }

  /** Place of the curve that says how far context `i` is to be believed where a byte is guessed. */
  guessValue(i: number, isGuessed: boolean, stage: number): number {
    return ((i * (MAX_COUNT + 1) + this.#counts[i]) * 2 + (isGuessed ? 1 : 0)) * KINDS + stage;
  }

  /** The same for a decision of the tree that leads to its byte. */
  treeValue(i: number, depth: number): number {
    return ((i * (MAX_COUNT + 1) + this.#counts[i]) * 2 + 1) * KINDS + TREE_KIND + (depth > 5 ? 5 : depth);
  }
}
