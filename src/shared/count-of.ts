/** `1 message`, `2 messages`. */
export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** `1 byte follows`, `2 bytes follow`. */
export function countWith(count: number, what: string, [one, many]: readonly [string, string]): string {
  return `${countOf(count, what)} ${count === 1 ? one : many}`;
}
