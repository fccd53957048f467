import type { MatchModel } from "../dictionary/match-model.js";
import type { ByteContexts } from "../modelling/byte-contexts.js";
import { CharacterClass } from "../modelling/character-class.js";

/** Shortest repetition that is continued by runs. */
const MIN_LENGTH = 64;
const LENGTH_STEPS: readonly number[] = [64, 80, 96, 128, 160, 256, 400, 800];
/** Bytes of a run, by length of the repetition so far. */
const RUN_BYTES: readonly number[] = [16, 16, 16, 16, 24, 32, 48, 48];
export const MAX_RUN_BYTES = 48;
export const RUN_VALUES = LENGTH_STEPS.length * 4 * 2 * 4;

/** Decides for several bytes at once whether a long repetition goes on. */
export class RunCoder {
  readonly probabilities: Uint16Array;
  /** Bytes of the run at hand. */
  bytes = 0;
  #value = 0;

  readonly initial: Uint16Array;
  readonly classes: Uint8Array;
  readonly rateBits: number;

  /** @param initial `[length, misses, source, kind]`, in 65536ths, what `restore` goes back to */
  constructor(initial: Uint16Array, classes: Uint8Array, rateBits: number) {
    this.initial = initial;
    this.classes = classes;
    this.rateBits = rateBits;
    this.probabilities = initial.slice();
  }

  restore(): void {
    this.probabilities.set(this.initial);
  }

  /** @returns the probability that the next `bytes` are as the repetition has them; 0: it is too short to ask */
  plan(match: MatchModel, contexts: ByteContexts): number {
    if (contexts.valueBytes < 3) return 0;
    const { length } = match;
    if (length < MIN_LENGTH) return 0;
    let step = 0;
    while (step < 7 && LENGTH_STEPS[step + 1] <= length) step++;
    const { pointer, buffer, position } = match;
    const most = Math.min(RUN_BYTES[step], position - pointer);
    let bytes = 0;
    // Where a value begins messages part, and where a blank line ends an event: a run ends there.
    let kind = 0;
    let last = contexts.last4 & 255;
    while (bytes < most) {
      const byte = buffer[pointer + bytes++];
      if (byte === 58 || (byte === 10 && last === 10)) break;
      last = byte;
      if (this.classes[byte] === CharacterClass.digit) kind = 1;
    }
    if (bytes < 4) return 0;
    if (contexts.jsonState === 5) kind += 2;
    this.bytes = bytes;
    this.#value = ((step * 4 + match.misses) * 2 + match.source) * 4 + kind;
    return this.probabilities[this.#value];
  }

  update(bit: number): void {
    const value = this.probabilities[this.#value];
    const next = bit === 0 ? value - (value >> this.rateBits) : value + ((65535 - value) >> this.rateBits);
    this.probabilities[this.#value] = Math.max(32, Math.min(65504, next));
  }
}
