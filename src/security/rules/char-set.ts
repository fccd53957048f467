/**
 * The characters that one place of a pattern takes, case ignored: ASCII exactly, all others as one. So two sets that are
 * disjoint here are disjoint, and the other way round only for ASCII: an error on the safe side.
 */
export class CharSet {
  readonly #ascii: readonly boolean[];
  readonly #hasOthers: boolean;
  /** The character, in lower case, if the set was made of one and it is ASCII. */
  readonly literal: string | undefined;
  /** The character the set was made of. */
  readonly first: string | undefined;

  private constructor(ascii: readonly boolean[], hasOthers: boolean, first?: string) {
    this.#ascii = ascii;
    this.#hasOthers = hasOthers;
    this.first = first;
    this.literal = first !== undefined && first < "\x80" ? first.toLowerCase() : undefined;
  }

  /** One character; none for the empty string. */
  static of(character: string): CharSet {
    if (character === "") return CharSet.#where(() => false, false);
    const folded = character.toLowerCase();
    const set = CharSet.#where((ascii) => ascii.toLowerCase() === folded, character >= "\x80");
    return new CharSet(set.#ascii, set.#hasOthers, character);
  }

  static range(first: string, last: string): CharSet {
    const holds = (character: string): boolean => character >= first && character <= last;
    return CharSet.#where(
      (ascii) => holds(ascii) || holds(ascii.toLowerCase()) || holds(ascii.toUpperCase()),
      last >= "\x80",
    );
  }

  /** What the letter behind a backslash names: `d`, `w`, `s` and their complements. */
  static named(letter: string): CharSet | undefined {
    if (!/^[dws]$/i.test(letter)) return undefined;
    const pattern = new RegExp(`\\${letter}`);
    return CharSet.#where((ascii) => pattern.test(ascii), letter !== "d" && letter !== "w");
  }

  static notLineBreak(): CharSet {
    return CharSet.#where((ascii) => ascii !== "\n" && ascii !== "\r", true);
  }

  static #where(holds: (ascii: string) => boolean, hasOthers: boolean): CharSet {
    return new CharSet(
      Array.from({ length: 128 }, (_, code) => holds(String.fromCharCode(code))),
      hasOthers,
    );
  }

  or(other: CharSet): CharSet {
    return new CharSet(
      this.#ascii.map((holds, code) => holds || other.#ascii[code]),
      this.#hasOthers || other.#hasOthers,
    );
  }

  not(): CharSet {
    return new CharSet(
      this.#ascii.map((holds) => !holds),
      true,
    );
  }

  meets(other: CharSet): boolean {
    return (
      (this.#hasOthers && other.#hasOthers) || this.#ascii.some((holds, code) => holds && other.#ascii[code])
    );
  }
}
