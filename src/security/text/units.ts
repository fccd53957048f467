/** Units that one call of `String.fromCharCode` takes; more would overflow the stack. */
const CHUNK_UNITS = 8192;

/** The text of UTF-16 `units`, lone surrogates included. */
export function unitsToText(units: Uint16Array): string {
  let text = "";
  for (let i = 0; i < units.length; i += CHUNK_UNITS) {
    // `apply` takes anything that is like an array, and is ten times as fast as spreading.
    const chunk = units.subarray(i, i + CHUNK_UNITS) as unknown as number[];
    text += String.fromCharCode.apply(undefined, chunk);
  }
  return text;
}

/** Shorter texts are read faster than copied. */
const MIN_FLAT_UNITS = 256;

/**
 * `text`, as one piece in memory. The engine keeps a slice or a concatenation as references to other strings, which makes
 * reading a unit of it three times as slow; what `join` makes never is one.
 */
export function flatText(text: string): string {
  return text.length < MIN_FLAT_UNITS ? text : [text.slice(0, 1), text.slice(1)].join("");
}
