import { MAX_STRETCH } from "./squash.js";

const WEIGHT_BITS = 14;

/**
 * A logistic mixer: the weights of an input are the sum of those in three sets, each selected by what is known beforehand.
 */
export class Mixer {
  readonly weights: Int32Array;
  readonly inputs: Int32Array;
  #a = 0;
  #b = 0;
  #c = 0;
  #isChanged = false;

  readonly initial: Int16Array;
  readonly inputCount: number;
  /** How fast it learns, in 1024ths of 2^-14. */
  rate: number;

  /** @param initial `[sets, inputs]`, what `restore` goes back to */
  constructor(initial: Int16Array, inputCount: number, rate: number) {
    this.initial = initial;
    this.inputCount = inputCount;
    this.rate = rate;
    this.weights = Int32Array.from(initial);
    this.inputs = new Int32Array(inputCount);
  }

  /** @returns the mixed prediction, stretched */
  mix(a: number, b: number, c: number): number {
    const { weights, inputs, inputCount } = this;
    a = Math.imul(a, inputCount);
    b = Math.imul(b, inputCount);
    c = Math.imul(c, inputCount);
    this.#a = a;
    this.#b = b;
    this.#c = c;
    let sum = 0;
    for (let i = 0; i < inputCount; i++) {
      sum = (sum + Math.imul(inputs[i], (weights[a + i] + weights[b + i] + weights[c + i]) | 0)) | 0;
    }
    sum >>= WEIGHT_BITS;
    return sum > MAX_STRETCH ? MAX_STRETCH : sum < -MAX_STRETCH ? -MAX_STRETCH : sum;
  }

  /** @param error what came less what was predicted, in 65536ths */
  update(error: number): void {
    const { weights, inputs, inputCount } = this;
    const scaled = Math.imul(error, this.rate) >> 10;
    const a = this.#a;
    const b = this.#b;
    const c = this.#c;
    this.#isChanged = true;
    for (let i = 0; i < inputCount; i++) {
      const change = (Math.imul(inputs[i], scaled) + 8192) >> 14;
      weights[a + i] += change;
      weights[b + i] += change;
      weights[c + i] += change;
    }
  }

  restore(): void {
    if (this.#isChanged) this.weights.set(this.initial);
    this.#isChanged = false;
  }
}
