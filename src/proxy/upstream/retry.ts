import { backoffMs, type Backoff } from "../../shared/backoff.js";

export interface RetryOptions extends Backoff {
  /** Most further tries of one request. */
  readonly retries: number;
  /** What a `Retry-After` may ask for: who asks for more is told to the client instead. */
  readonly maxRetryAfterMs: number;
}

/** Statuses that are worth another try: nothing was done for the request, or nothing that was kept. */
export function isRetryable(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 501 && status !== 505);
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

/**
 * Milliseconds that an answer asks to wait: `retry-after-ms`, else `Retry-After` in seconds or as a date (RFC 9110 section
 * 10.2.3); `undefined` if it asks for nothing that can be read.
 */
export function readRetryAfterMs(
  header: (name: string) => string | undefined,
  nowMs: number,
): number | undefined {
  const exact = header("retry-after-ms");
  if (exact !== undefined && /^\d+(\.\d+)?$/.test(exact)) return Number(exact);
  const text = header("retry-after");
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
