/** Cut the front off the array once it is this long and more than half of it. */
const COMPACT_ABOVE = 64;

/** Nothing is ever put into it. */
const NONE: never[] = [];

/** A queue with access by index. What is shifted is let go of at once. */
export class Deque<Item> {
  /** None while it is empty: most streams have nothing in most of their queues. */
  #items: (Item | undefined)[] = NONE;
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    if (this.#items === NONE) this.#items = [item];
    else this.#items.push(item);
  }

  /** @param index from 0 */
  at(index: number): Item | undefined {
    return this.#items[this.#head + index];
  }

  shift(): Item | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.clear();
    } else if (this.#head > COMPACT_ABOVE && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = NONE;
    this.#head = 0;
  }
}
