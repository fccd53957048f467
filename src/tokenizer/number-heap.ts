/** A binary min-heap of numbers. */
export class NumberHeap {
  readonly #items: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The least number of a heap that is not empty. */
  get top(): number {
    return this.#items[0];
  }

  push(value: number): void {
    const items = this.#items;
    let at = items.length;
    items.push(value);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent] <= value) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = value;
  }

  /** Takes the least number out of a heap that is not empty. */
  pop(): number {
    const items = this.#items;
    const top = items[0];
    const moved = items.pop()!;
    const size = items.length;
    if (size === 0) return top;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && items[child + 1] < items[child]) child++;
      if (items[child] >= moved) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = moved;
    return top;
  }
}
