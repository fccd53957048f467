/**
 * Openings that a wire of this or a later version may have. Content that begins with one is never passed through as
 * `none`: the reader would take it for a wire (docs/spec/none.md).
 */
const RESERVED_PREFIXES = ["#TK|", "#T1|", "#M2M|", "#M2M["];

/** First bytes of the raw `token-native` form. */
const RAW_TOKENIZER_BYTES = 3;

/** The reserved opening of `wire`, or `undefined`. Bytes 0 to 2 are named as `0x00` to `0x02`. */
export function findReservedPrefix(wire: string | Uint8Array): string | undefined {
  const head = typeof wire === "string" ? wire.slice(0, 5) : String.fromCharCode(...wire.subarray(0, 5));
  const first = head.charCodeAt(0);
  if (first < RAW_TOKENIZER_BYTES) return `0x0${first}`;
  return RESERVED_PREFIXES.find((prefix) => head.startsWith(prefix));
}
