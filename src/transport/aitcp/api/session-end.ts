/** How a session ends, for those who ask: most do not, and then there is no promise. */
export class SessionEnd {
  #isOver = false;
  #error: Error | undefined;
  #settle: ((error: Error | undefined) => void) | undefined;
  #promise: Promise<void> | undefined;

  /** Resolves when the session is over; rejects with what ended it, if that is no good end. */
  get closed(): Promise<void> {
    if (!this.#promise) {
      this.#promise = new Promise((resolve, reject) => {
        this.#settle = (error) => (error ? reject(error) : resolve());
      });
      // Who asks may do so for later.
      this.#promise.catch(() => {});
      if (this.#isOver) this.#settle?.(this.#error);
    }
    return this.#promise;
  }

  settle(error: Error | undefined): void {
    this.#isOver = true;
    this.#error = error;
    this.#settle?.(error);
  }
}
