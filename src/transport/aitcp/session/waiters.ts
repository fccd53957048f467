/** Those who wait for something to change. */
export class Waiters {
  #waiting: (() => void)[] | undefined;

  /** Resolves when `wake` is called. @throws what `signal` gives as its reason */
  wait(signal?: AbortSignal): Promise<void> {
    if (signal) return this.#waitUnless(signal);
    return new Promise((resolve) => this.#add(resolve));
  }

  #waitUnless(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const onAbort = (): void => {
        this.#waiting = this.#waiting?.filter((other) => other !== wake);
        // The caller asked for this very error.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(signal.reason);
      };
      const wake = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#add(wake);
    });
  }

  #add(wake: () => void): void {
    if (this.#waiting) this.#waiting.push(wake);
    else this.#waiting = [wake];
  }

  wake(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    this.#waiting = undefined;
    for (const wake of waiting) wake();
  }
}
