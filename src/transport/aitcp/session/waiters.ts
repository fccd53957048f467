/** Those who wait for something to change, or for a value. */
export class Waiters<T = void> {
  #waiting: ((value: T | PromiseLike<T>) => void)[] | undefined;

  get isEmpty(): boolean {
    return this.#waiting === undefined;
  }

  /** Resolves when it is woken. @throws what `signal` gives as its reason */
  wait(signal?: AbortSignal): Promise<T> {
    if (signal) return this.#waitUnless(signal);
    return new Promise((resolve) => this.#add(resolve));
  }

  #waitUnless(signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const onAbort = (): void => {
        this.#keep(this.#waiting?.filter((other) => other !== wake));
        // The caller asked for this very error.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(signal.reason);
      };
      const wake = (value: T | PromiseLike<T>): void => {
        signal.removeEventListener("abort", onAbort);
        resolve(value);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#add(wake);
    });
  }

  #add(wake: (value: T | PromiseLike<T>) => void): void {
    if (this.#waiting) this.#waiting.push(wake);
    else this.#waiting = [wake];
  }

  #keep(waiting: ((value: T | PromiseLike<T>) => void)[] | undefined): void {
    this.#waiting = waiting?.length ? waiting : undefined;
  }

  /** Wakes all. */
  wake(value: T): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    this.#waiting = undefined;
    for (const wake of waiting) wake(value);
  }

  /** Wakes the one who has waited longest. */
  wakeOne(value: T | PromiseLike<T>): void {
    const waiting = this.#waiting;
    const wake = waiting?.shift();
    this.#keep(waiting);
    wake?.(value);
  }
}
