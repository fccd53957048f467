import { CharacterClass, createCharacterClasses } from "./character-class.js";

/** Where in a JSON text the next byte stands. */
export const JsonState = {
  start: 0,
  lineBreak: 1,
  afterKey: 2,
  afterText: 3,
  inKey: 4,
  inText: 5,
  opened: 6,
  closed: 7,
  comma: 8,
  colon: 9,
} as const;

export const JSON_STATES = 10;
/** Contexts that are looked up for each decision. */
export const CONTEXTS = 6;
/** For each context the one that must have been seen for this one to be looked up, or -1. */
export const CONTEXT_PARENTS: readonly number[] = [-1, 0, 1, 2, -1, -1];

const MAX_DEPTH = 62;
const MAX_COLUMN = 63;
const M1 = 0x2f0b4c47;
const M2 = 0x3d4d51cb;
const M3 = 0x27d4eb2f;
const MIX = 0x2c1b3c6d;
const SEEDS = Int32Array.of(0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1, 0x2f0b4c47);

/** What is known of the bytes so far: the last twelve, the word, and where and how they stand in a JSON text. */
export class ByteContexts {
  readonly classes = createCharacterClasses();
  readonly alphabets = createAlphabets();
  /** A hash of each context, made by `hash`. */
  readonly hashes = new Int32Array(CONTEXTS);
  /** Bytes 1 to 4, 5 to 8 and 9 to 12 back, the last one lowest. */
  last4 = 0;
  last8 = 0;
  last12 = 0;
  jsonState: number = JsonState.start;
  depth = 0;
  /** Bytes since the last colon or opening quote of a value, at most 255. */
  valueBytes = 255;
  /** Bytes since the last line break. */
  lineBytes = 0;
  /** Which kinds of character the run of letters and digits so far has. */
  alphabet = 0;
  #word = 0;
  #lastWord = 0;
  /** What last stood behind a comma, a colon and an opening bracket: 1 a line break, 2 a space, 3 else; two bits each, 0 unknown. */
  #style = 0;
  #key = 0;
  #parentKey = 0;
  #token = 0;
  #inString = false;
  #escaped = false;
  #isKey = false;
  #expectsKey = false;
  readonly #keys = new Int32Array(MAX_DEPTH + 2);
  /** The key before, of the same object. */
  readonly #earlierKeys = new Int32Array(MAX_DEPTH + 2);
  readonly #isObject = new Uint8Array(MAX_DEPTH + 2);

  reset(): void {
    this.last4 = this.last8 = this.last12 = 0;
    this.#word = this.#lastWord = this.#style = 0;
    this.#key = this.#parentKey = this.#token = 0;
    this.jsonState = JsonState.start;
    this.depth = this.alphabet = 0;
    this.valueBytes = 255;
    this.lineBytes = 0;
    this.#inString = this.#escaped = this.#isKey = this.#expectsKey = false;
    this.#keys[0] = this.#earlierKeys[0] = 0;
    this.#isObject[0] = 0;
  }

  /** Outside of every JSON text; the last bytes stay. */
  leaveJson(): void {
    this.depth = 0;
    this.#inString = this.#escaped = false;
  }

  /** Whether a JSON text may end here: outside of everything, behind a closing bracket or a line break. */
  get mayEnd(): boolean {
    return (
      this.depth === 0 && (this.jsonState === JsonState.closed || this.jsonState === JsonState.lineBreak)
    );
  }

  /** Whether the run of letters and digits so far has digits among letters, or both cases. */
  get isMixed(): boolean {
    const { alphabet } = this;
    return (
      (alphabet & 15) !== 0 && ((alphabet & 16) !== 0 || ((alphabet & 3) !== 0 && (alphabet & 12) !== 0))
    );
  }

  get inString(): boolean {
    return this.#inString;
  }

  /** Whether the next byte stands in a string that is no key. */
  get inText(): boolean {
    return this.#inString && !this.#isKey;
  }

  /** Whether a quote ends the string. */
  get isEscaped(): boolean {
    return this.#escaped;
  }

  /** Hash of the key and the one around it. */
  get keys(): number {
    return Math.imul(this.#key, M1) ^ Math.imul(this.#parentKey, M3);
  }

  /** Whether a literal may begin here: behind a space where colons have one, else behind a colon. */
  get mayBeginLiteral(): boolean {
    return (this.#style & 12) !== 8 || (this.last4 & 255) === 32;
  }

  get isBehindLineBreak(): boolean {
    return this.jsonState === JsonState.lineBreak;
  }

  append(byte: number): void {
    this.last12 = (this.last12 << 8) | (this.last8 >>> 24);
    this.last8 = (this.last8 << 8) | (this.last4 >>> 24);
    this.last4 = (this.last4 << 8) | byte;
    if (this.valueBytes < 255) this.valueBytes++;
    const kind = this.classes[byte];
    const alphabet = this.alphabets[byte];
    this.alphabet = alphabet === 0 ? 0 : this.alphabet | alphabet;
    if (
      kind === CharacterClass.lower ||
      kind === CharacterClass.upper ||
      kind === CharacterClass.digit ||
      (kind >= CharacterClass.nonAscii && kind <= CharacterClass.joiner)
    ) {
      const folded = kind === CharacterClass.upper ? byte + 33 : byte + 1;
      this.#word = (Math.imul(this.#word + folded, M1) + 1) | 0;
    } else {
      if (this.#word !== 0) this.#lastWord = this.#word;
      this.#word = 0;
    }
    if (!this.#inString) this.#noteStyle(byte);
    this.lineBytes = byte === 10 ? 0 : this.lineBytes + 1;
    if (this.#inString) this.#appendInString(byte);
    else this.#appendOutside(byte);
  }

  #appendInString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === 92) this.#escaped = true;
    else if (byte === 34) {
      this.#inString = false;
      if (this.#isKey) {
        this.#earlierKeys[this.depth] = this.#keys[this.depth];
        this.#keys[this.depth] = this.#key = this.#token;
      }
      this.jsonState = this.#isKey ? JsonState.afterKey : JsonState.afterText;
      this.#token = 0;
      return;
    }
    this.#token = Math.imul(this.#token + byte + 1, M2);
  }

  #appendOutside(byte: number): void {
    switch (byte) {
      case 34:
        this.#inString = true;
        this.#isKey = this.#isObject[this.depth] === 1 && this.#expectsKey;
        this.jsonState = this.#isKey ? JsonState.inKey : JsonState.inText;
        if (!this.#isKey) this.valueBytes = 0;
        break;
      case 123:
      case 91:
        if (this.depth < MAX_DEPTH) this.depth++;
        this.#isObject[this.depth] = byte === 123 ? 1 : 0;
        this.#expectsKey = true;
        this.#parentKey = this.#key;
        if (byte === 123) this.#key = 0;
        this.#keys[this.depth] = this.#key;
        this.#earlierKeys[this.depth] = 0;
        this.jsonState = JsonState.opened;
        break;
      case 125:
      case 93:
        if (this.depth > 0) this.depth--;
        this.#key = this.#keys[this.depth];
        this.#parentKey = this.depth > 0 ? this.#keys[this.depth - 1] : 0;
        this.jsonState = JsonState.closed;
        break;
      case 44:
        this.#expectsKey = true;
        this.jsonState = JsonState.comma;
        break;
      case 58:
        this.#expectsKey = false;
        this.valueBytes = 0;
        this.jsonState = JsonState.colon;
        break;
      case 10:
        if (this.depth > 0) {
          this.#extendToken(byte);
          return;
        }
        this.#key = 0;
        this.jsonState = JsonState.lineBreak;
        break;
      default:
        this.#extendToken(byte);
        return;
    }
    this.#token = 0;
  }

  /** Notes how a JSON text is laid out: what follows its commas, colons and opening brackets. */
  #noteStyle(byte: number): void {
    const before = (this.last4 >>> 8) & 255;
    let shift: number;
    if (before === 44 && this.depth > 0) shift = 0;
    else if (before === 58 && this.depth > 0) shift = 2;
    else if ((before === 123 || before === 91) && byte !== 125 && byte !== 93) shift = 4;
    else return;
    const what = byte === 10 ? 1 : byte === 32 ? 2 : 3;
    this.#style = (this.#style & ~(3 << shift)) | (what << shift);
  }

  #extendToken(byte: number): void {
    this.#token = Math.imul(this.#token + byte + 1, M2);
  }

  /**
   * Makes `hashes` those of the next byte.
   * @param isRandom the last bytes were as good as random: what matters is of which characters such texts are
   */
  hash(isRandom: boolean): void {
    const hashes = this.hashes;
    const { last4 } = this;
    const last = last4 & 255;
    hashes[0] = last4 & 0xffff;
    if (isRandom) {
      hashes[4] = 0x5a000000 + (this.alphabet << 8);
      hashes[5] =
        (Math.imul(this.#key, M1) ^ Math.imul(this.#parentKey, M3)) + 0x5a000000 + (this.alphabet << 8);
    } else {
      hashes[1] = last4 & 0xffffff;
      hashes[2] = last4;
      hashes[3] = last4 ^ Math.imul(this.last8 & 255, M1);
      hashes[4] = this.#wordOrPlace(last);
      hashes[5] = this.#text(last) + (this.#inString ? 0 : (this.#style + 1) << 13);
    }
    for (let i = 0; i < CONTEXTS; i++) {
      let h = Math.imul(hashes[i], SEEDS[i]) + Math.imul(i + 1, 0x1f123bb5);
      h ^= h >>> 15;
      h = Math.imul(h, MIX);
      hashes[i] = h ^ (h >>> 13);
    }
  }

  /** What `Followers` remembers the next byte of, by its number: the word, or the one before; the last three bytes; the text behind a key. */
  followed(i: number): number {
    const last = this.last4 & 255;
    if (i === 1) return this.last4 & 0xffffff;
    if (i === 2) return this.#text(last);
    if (this.#word !== 0) return Math.imul(this.#word, M1) + last;
    return Math.imul(this.#lastWord, M2) + Math.imul(last, M1) + 7;
  }

  /** The string or literal so far, behind which keys. */
  #text(last: number): number {
    return (
      (Math.imul(this.#key, M1) ^ Math.imul(this.#token, M2) ^ Math.imul(this.#parentKey, M3)) +
      last +
      (this.jsonState << 8)
    );
  }

  /** In a key which ones were before it; outside of strings the place in the line and in the structure; in text the word. */
  #wordOrPlace(last: number): number {
    if (!this.#inString) {
      const place = Math.min(this.lineBytes, MAX_COLUMN) * 64 + this.depth;
      return 0x77000000 + Math.imul(place, M1) + (this.#style << 12) + (this.jsonState << 8) + last;
    }
    if (!this.#isKey) return Math.imul(this.#word, M1) + last;
    const earlier = Math.imul(this.#earlierKeys[this.depth], M2);
    return 0x44000000 + Math.imul(this.#key, M1) + earlier + Math.imul(this.#token, M3) + last;
  }
}

/** A bit for each kind of character that identifiers are made of; 0 ends one. */
export function createAlphabets(): Uint8Array {
  const alphabets = new Uint8Array(256);
  for (const [characters, bit] of [
    ["abcdef", 1],
    ["ghijklmnopqrstuvwxyz", 2],
    ["ABCDEF", 4],
    ["GHIJKLMNOPQRSTUVWXYZ", 8],
    ["0123456789", 16],
    ["_-", 32],
    ["+/=", 64],
  ] as const) {
    for (const character of characters) alphabets[character.charCodeAt(0)] = bit;
  }
  return alphabets;
}
