import { backoffMs } from "../shared/backoff.js";
import type { M2MError } from "../shared/errors.js";
import type { LossAdvice } from "./carrier.js";
import { connectionLost } from "./failures.js";
import type { ReconnectOptions } from "./options.js";
import { pause } from "./waiting.js";

/** How a connection was lost before it was open. */
export class Lost extends Error {
  readonly failure: M2MError;
  readonly advice: LossAdvice;

  constructor(failure: M2MError, advice: LossAdvice = {}) {
    super(failure.message);
    this.failure = failure;
    this.advice = advice;
  }
}

/** What is told of an error to whoever uses the client. */
export function failureOf(error: unknown): Error {
  return error instanceof Lost ? error.failure : (error as Error);
}

/**
 * Tries `open` again and again, until it is done, or the signal says so.
 * @param first how the connection was lost
 * @throws {UpstreamError} `M2M_CONNECTION_LOST` if all tries fail; what `open` throws, if it would throw it again
 */
export async function reconnect(
  first: Lost,
  options: ReconnectOptions,
  signal: AbortSignal,
  open: () => Promise<void>,
): Promise<void> {
  let { failure, advice } = first;
  for (let tries = 1; tries <= options.maxTries; tries++) {
    await pause(Math.max(advice.retryAfterMs ?? 0, backoffMs(tries, options, Math.random())), signal);
    if (signal.aborted) return;
    try {
      await open();
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Lost) || error.advice.isFinal) throw failureOf(error);
      ({ failure, advice } = error);
    }
  }
  throw connectionLost("The connection to the server is lost, and cannot be made again.", failure);
}
