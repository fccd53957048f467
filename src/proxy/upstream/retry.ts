import { backoffMs, type Backoff } from "../../shared/backoff.js";
import { isPassingStatus, parseRetryAfterMs } from "../../shared/try-again.js";

export interface RetryOptions extends Backoff {
  /** Most further tries of one request. */
  readonly retries: number;
  /** What a `Retry-After` may ask for: who asks for more is told to the client instead. */
  readonly maxRetryAfterMs: number;
}

/**
 * Statuses that are worth another try: nothing was done for the request, or nothing that was kept. Not 408 and 425: there the upstream
 * finds fault with how the request came, and the client is the one to send it again.
 */
export function isRetryable(status: number): boolean {
  return isPassingStatus(status) && status !== 408 && status !== 425;
}

/** Whether to do it twice is to do it once (RFC 9110 section 9.2.1). */
export function onlyAsks({ method }: { readonly method?: string }): boolean {
  return method === "GET" || method === "HEAD";
}

/** Errors of a connection that never was: nothing can have been sent (Node's and undici's codes). */
const BEFORE_SENDING: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

export function isBeforeSending(error: unknown): boolean {
  const { code, errors } = error as { code?: unknown; errors?: unknown[] };
  if (BEFORE_SENDING.has(code)) return true;
  // Several addresses were tried.
  return Array.isArray(errors) && errors.length > 0 && errors.every(isBeforeSending);
}

/**
 * Milliseconds to wait before try number `attempt` (from 1), or `undefined` if the upstream asks for more than is waited here.
 * @param random as `backoffMs`
 */
export function retryDelayMs(
  attempt: number,
  askedMs: number | undefined,
  options: RetryOptions,
  random: number,
): number | undefined {
  if (askedMs !== undefined) return askedMs <= options.maxRetryAfterMs ? askedMs : undefined;
  return backoffMs(attempt, options, random);
}

/** Milliseconds that an answer asks to wait: `retry-after-ms`, else `Retry-After`; `undefined` if it asks for nothing that can be read. */
export function readRetryAfterMs(
  header: (name: string) => string | undefined,
  nowMs: number,
): number | undefined {
  const exact = header("retry-after-ms");
  if (exact !== undefined && /^\d+(\.\d+)?$/.test(exact)) return Number(exact);
  return parseRetryAfterMs(header("retry-after"), nowMs);
}
