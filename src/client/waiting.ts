import { MAX_TIMER_MS } from "../shared/timers.js";

/** A promise that somebody else settles. */
export class Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve!: (value: Value) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<Value>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever asks hears of a failure; that nobody does is no defect.
    this.promise.catch(() => {});
  }
}

export interface WaitOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** Made when the time is over. */
  readonly onTimeout?: () => Error;
}

/** `promise`, unless the signal or the time says otherwise before. A signal's reason is thrown as it is. */
export async function waitFor<Value>(
  promise: Promise<Value>,
  { signal, timeoutMs = Infinity, onTimeout }: WaitOptions,
): Promise<Value> {
  signal?.throwIfAborted();
  const ended = new Deferred<never>();
  const abort = (): void => ended.reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const timer =
    onTimeout && timeoutMs <= MAX_TIMER_MS
      ? setTimeout(() => ended.reject(onTimeout()), timeoutMs)
      : undefined;
  try {
    return await Promise.race([promise, ended.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** A number of places; who finds none free waits his turn. */
export class Places {
  #free: number;
  readonly #waiting: Deferred<void>[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(options: WaitOptions): Promise<void> {
    options.signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    const turn = new Deferred<void>();
    this.#waiting.push(turn);
    try {
      await waitFor(turn.promise, options);
    } catch (error) {
      const index = this.#waiting.indexOf(turn);
      // Its turn may have come in the same moment.
      if (index < 0) this.give();
      else this.#waiting.splice(index, 1);
      throw error;
    }
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next.resolve();
    else this.#free++;
  }
}

/** Resolves after so long, or when the signal says so. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, Math.min(ms, MAX_TIMER_MS));
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
