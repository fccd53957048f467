/** The values that were asked for last, so that they are not made again. */
export class LastUsed<Value> {
  readonly #values = new Map<string, Value>();
  readonly #most: number;
  readonly #onDropped: ((value: Value) => void) | undefined;

  /** @param onDropped gets what is dropped for another one */
  constructor(most: number, onDropped?: (value: Value) => void) {
    this.#most = most;
    this.#onDropped = onDropped;
  }

  /** @param make if it is not there; what it throws is thrown, and nothing kept */
  get(name: string, make: () => Value): Value {
    const kept = this.#values.get(name);
    if (kept !== undefined) {
      this.#values.delete(name);
      this.#values.set(name, kept);
      return kept;
    }
    const value = make();
    if (this.#values.size >= this.#most) this.#dropOldest();
    this.#values.set(name, value);
    return value;
  }

  #dropOldest(): void {
    for (const [name, value] of this.#values) {
      this.#values.delete(name);
      this.#onDropped?.(value);
      return;
    }
  }
}
