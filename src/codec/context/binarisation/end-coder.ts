import type { ByteContexts } from "../modelling/byte-contexts.js";

/** By where a message may end: behind a bracket or a line break; by how often it might have ended before, at most 3. */
export const END_VALUES = 8;

/** Decides, wherever a JSON text may end, whether it does. */
export class EndCoder {
  #passed = 0;

  readonly probabilities: Uint16Array;

  /** @param probabilities of the end, `[2, 4]`, in 65536ths */
  constructor(probabilities: Uint16Array) {
    this.probabilities = probabilities;
  }

  reset(): void {
    this.#passed = 0;
  }

  /** Place in `probabilities` of the decision at hand. */
  place(contexts: ByteContexts): number {
    return (contexts.isBehindLineBreak ? 4 : 0) + this.#passed;
  }

  probability(contexts: ByteContexts): number {
    return this.probabilities[this.place(contexts)];
  }

  pass(): void {
    if (this.#passed < 3) this.#passed++;
  }
}
