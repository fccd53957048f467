/** Those who wait for something to change. */
export class Waiters {
  #waiting: (() => void)[] = [];

  /** Resolves when `wake` is called. @throws what `signal` gives as its reason */
  wait(signal?: AbortSignal): Promise<void> {
    if (signal) return this.#waitUnless(signal);
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  #waitUnless(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== wake);
        // The caller asked for this very error.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(signal.reason);
      };
      const wake = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(wake);
    });
  }

  wake(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
