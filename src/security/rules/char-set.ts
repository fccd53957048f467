/** Bits of a word of `#ascii`. */
const BITS = 32;

/**
 * The characters that one place of a pattern takes, case ignored: ASCII exactly, all others as one. So two sets that are
 * disjoint here are disjoint, and the other way round only for ASCII: an error on the safe side.
 */
export class CharSet {
  /** A bit a character, four words. */
  readonly #ascii: readonly number[];
  readonly #hasOthers: boolean;
  /** The character the set was made of, if it was one. */
  readonly single: string | undefined;

  private constructor(ascii: readonly number[], hasOthers: boolean, single?: string) {
    this.#ascii = ascii;
    this.#hasOthers = hasOthers;
    this.single = single;
  }

  static none(): CharSet {
    return new CharSet([0, 0, 0, 0], false);
  }

  static of(character: string): CharSet {
    const { length } = character;
    const codes = [character.toLowerCase(), character.toUpperCase()]
      .filter((form) => form.length === length)
      .map((form) => form.charCodeAt(0));
    return CharSet.#make(codes, character >= "\x80", character);
  }

  static range(first: string, last: string): CharSet {
    const codes: number[] = [];
    for (let code = first.charCodeAt(0); code <= last.charCodeAt(0) && code < 0x80; code++) {
      const character = String.fromCharCode(code);
      codes.push(character.toLowerCase().charCodeAt(0), character.toUpperCase().charCodeAt(0));
    }
    return CharSet.#make(codes, last >= "\x80");
  }

  /** What the letter behind a backslash names: `d`, `w`, `s` and their complements. */
  static named(letter: string): CharSet | undefined {
    switch (letter) {
      case "d":
        return CharSet.range("0", "9");
      case "w":
        return CharSet.range("0", "9").or(CharSet.range("a", "z")).or(CharSet.of("_"));
      case "s":
        return CharSet.#make([9, 10, 11, 12, 13, 32], true);
      case "D":
      case "W":
      case "S":
        return CharSet.named(letter.toLowerCase())?.not();
      default:
        return undefined;
    }
  }

  static #make(codes: readonly number[], hasOthers: boolean, single?: string): CharSet {
    const ascii = [0, 0, 0, 0];
    for (const code of codes) if (code < 0x80) ascii[Math.floor(code / BITS)] |= 1 << (code % BITS);
    return new CharSet(ascii, hasOthers, single);
  }

  /** The character, in lower case, if the set was made of one and it is ASCII. */
  get literal(): string | undefined {
    return this.single !== undefined && this.single < "\x80" ? this.single.toLowerCase() : undefined;
  }

  or(other: CharSet): CharSet {
    return new CharSet(
      this.#ascii.map((word, index) => word | other.#ascii[index]),
      this.#hasOthers || other.#hasOthers,
    );
  }

  /** All other characters. Of those that are not ASCII a set never holds all, so its complement may hold some. */
  not(): CharSet {
    return new CharSet(
      this.#ascii.map((word) => ~word),
      true,
    );
  }

  meets(other: CharSet): boolean {
    return (
      (this.#hasOthers && other.#hasOthers) ||
      this.#ascii.some((word, index) => (word & other.#ascii[index]) !== 0)
    );
  }
}
