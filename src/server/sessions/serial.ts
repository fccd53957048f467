/** Runs what belongs to the same key one after the other, in the order it came; different keys run side by side. */
export class SerialByKey {
  readonly #last = new Map<string, Promise<void>>();

  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key);
    let done!: () => void;
    const own = new Promise<void>((resolve) => (done = resolve));
    this.#last.set(key, own);
    try {
      await before;
      return await work();
    } finally {
      done();
      if (this.#last.get(key) === own) this.#last.delete(key);
    }
  }
}
