interface Entry<Value> {
  readonly value: Value;
  readonly weight: number;
}

/** A map with bounded room. To make some, it forgets what was got or set longest ago. */
export class LruMap<Key, Value> {
  readonly #maxWeight: number;
  readonly #weigh: (value: Value, key: Key) => number;
  /** In the order of their last use. */
  readonly #entries = new Map<Key, Entry<Value>>();
  #weight = 0;

  /**
   * @param maxWeight of all entries together
   * @param weigh what one entry takes of it. Default 1: the room is a number of entries
   */
  constructor(maxWeight: number, weigh: (value: Value, key: Key) => number = () => 1) {
    this.#maxWeight = maxWeight;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#entries.size;
  }
  /** What the entries take together. */
  get weight(): number {
    return this.#weight;
  }

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** What is heavier than all the room is not kept. */
  set(key: Key, value: Value): void {
    this.delete(key);
    const weight = this.#weigh(value, key);
    if (weight > this.#maxWeight) return;
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#maxWeight) return;
      this.delete(oldest);
    }
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }
}
