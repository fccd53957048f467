const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Most strings of a request are keys and words: up to this length a loop is faster than a search. */
const SHORT_STRING_BYTES = 24;

/** Offset behind the closing quote of the JSON string whose opening quote is at `start`, or -1 if it has none. */
export function jsonStringEnd(json: Buffer, start: number): number {
  let at = start + 1;
  const near = Math.min(json.length, at + SHORT_STRING_BYTES);
  while (at < near && json[at] !== QUOTE && json[at] !== BACKSLASH) at++;
  for (;;) {
    at = json.indexOf(QUOTE, at);
    if (at < 0) return -1;
    let before = at - 1;
    while (json[before] === BACKSLASH) before--;
    // A quote behind an even number of backslashes is not escaped.
    if ((at - before) % 2 === 1) return at + 1;
    at++;
  }
}
