/** A signal that is aborted with the first of several. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  /** To be called when nobody waits for it any more: those that it comes of may live much longer. */
  release(): void;
}

/** Joins signals, as `AbortSignal.any`, which on Node 20 leaves something behind with each of them for as long as it lives. */
export function joinSignals(...signals: readonly AbortSignal[]): JoinedSignal {
  const controller = new AbortController();
  const abort = (event: Event): void => controller.abort((event.target as AbortSignal).reason);
  const aborted = signals.find((signal) => signal.aborted);
  if (aborted) controller.abort(aborted.reason);
  else for (const signal of signals) signal.addEventListener("abort", abort);
  return {
    signal: controller.signal,
    release() {
      for (const signal of signals) signal.removeEventListener("abort", abort);
    },
  };
}
