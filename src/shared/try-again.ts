/**
 * What a `Retry-After` asks to wait, in seconds or until a date (RFC 9110, section 10.2.3), as milliseconds from now; `undefined` if it is absent
 * or neither.
 * @param nowMs milliseconds since 1970
 */
export function parseRetryAfterMs(text: string | null | undefined, nowMs: number): number | undefined {
  if (text === null || text === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(text)) return 1000 * Number(text);
  // A number that is no time, such as -1, would be a year.
  const date = /[a-z]/i.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

/** Whether a server that answers so may do better soon (RFC 9110, section 15): not where it says that it never does such a thing. */
export function isPassingStatus(status: number): boolean {
  return [408, 425, 429].includes(status) || (status >= 500 && status !== 501 && status !== 505);
}
