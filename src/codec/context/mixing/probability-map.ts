/** Points of one curve, from a stretched value of -2048 to 2047. */
export const MAP_POINTS = 24;

/** Adaptive curves that correct a probability by what came of it before (secondary estimation). */
export class ProbabilityMap {
  readonly curves: Uint16Array;
  #nearest = 0;
  readonly #changed = new Int32Array(1 << 12);
  #changes = 0;

  readonly initial: Uint16Array;
  readonly rate: number;

  /** @param initial `[curves, MAP_POINTS]`, in 65536ths */
  constructor(initial: Uint16Array, rate: number) {
    this.initial = initial;
    this.rate = rate;
    this.curves = initial.slice();
  }

  /** @returns the corrected probability of a stretched prediction, in 65536ths */
  refine(curve: number, stretched: number): number {
    const { curves } = this;
    const place = Math.imul(stretched + 2048, MAP_POINTS - 1);
    const weight = place & 4095;
    const at = Math.imul(curve, MAP_POINTS) + (place >> 12);
    this.#nearest = weight > 2047 ? at + 1 : at;
    return (Math.imul(curves[at] >> 1, 4096 - weight) + Math.imul(curves[at + 1] >> 1, weight)) >> 11;
  }

  update(bit: number): void {
    const at = this.#nearest;
    const value = this.curves[at];
    if (this.#changes < this.#changed.length) this.#changed[this.#changes++] = at;
    else this.#changes = this.#changed.length + 1;
    this.curves[at] = value + (Math.imul((bit === 0 ? 0 : 65535) - value, this.rate) >> 10);
  }

  restore(): void {
    const { curves, initial } = this;
    if (this.#changes > this.#changed.length) curves.set(initial);
    else for (let i = 0; i < this.#changes; i++) curves[this.#changed[i]] = initial[this.#changed[i]];
    this.#changes = 0;
  }
}
