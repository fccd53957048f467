/** Whether a UTF-16 unit is a letter of ASCII; of NaN, behind the end of a text, it is not. */
export function isLetter(unit: number): boolean {
  const lower = unit | 32;
  return lower >= 0x61 && lower <= 0x7a;
}

/** Whether it is a letter or a digit of ASCII. */
export function isAsciiWord(unit: number): boolean {
  return isLetter(unit) || (unit >= 0x30 && unit <= 0x39);
}

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
