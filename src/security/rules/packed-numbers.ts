/**
 * Numbers as text that stands in a string literal as it is: small ones, as most are, take one character. The last digit of
 * a number is one of 57 characters from `#`, those before it, the lowest first, are of 34 from `]`; no backslash or
 * quotation mark is among them.
 */
const LAST = 0x23;
const LAST_COUNT = 57;
const MORE = 0x5d;
const MORE_COUNT = 34;

/** @param numbers whole and not negative */
export function packNumbers(numbers: Iterable<number>): string {
  let text = "";
  for (let number of numbers) {
    while (number >= LAST_COUNT) {
      text += String.fromCharCode(MORE + (number % MORE_COUNT));
      number = Math.floor(number / MORE_COUNT);
    }
    text += String.fromCharCode(LAST + number);
  }
  return text;
}

/** Reads what `packNumbers` wrote, a number at a time. */
export class PackedNumbers {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): number {
    let number = 0;
    let scale = 1;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at++);
      if (code < MORE) return number + scale * (code - LAST);
      number += scale * (code - MORE);
      scale *= MORE_COUNT;
    }
  }
}
