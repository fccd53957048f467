import { invalid } from "./safetensors.js";
import { CHARACTER, CharacterClasses, normalizeWord } from "./characters.js";
import { Vocabulary } from "./vocabulary.js";

/** A text as token ids, with the UTF-16 range that each stands for (pieces of one word: the word). */
export interface TokenizedText {
  readonly ids: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

export interface HydraTokenizer {
  /** Never empty: a text without any piece is one padding token. What it gives may be overwritten by the next call. */
  encode(text: string): TokenizedText;
}

/** Bytes of UTF-8 as ids: byte + 3. A lone surrogate counts as U+FFFD. */
export class ByteTokenizer implements HydraTokenizer {
  encode(text: string): TokenizedText {
    const bytes = new TextEncoder().encode(text);
    const ids = new Int32Array(bytes.length);
    const starts = new Int32Array(bytes.length);
    const ends = new Int32Array(bytes.length);
    let end = 0;
    let start = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      ids[i] = byte + 3;
      if ((byte & 0xc0) !== 0x80) {
        start = end;
        end += byte >= 0xf0 ? 2 : 1;
      }
      starts[i] = start;
      ends[i] = end;
    }
    return { ids, starts, ends };
  }
}

/** More characters than this in a word make it unknown (`max_input_chars_per_word` of the reference). */
const MAX_WORD_CHARACTERS = 100;
/** Pieces that the reference finds in the text before it looks at characters. */
const SPECIAL_PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const PADDING_ID = 0;

const LETTERS = Uint8Array.from({ length: 128 }, (_, unit) => {
  const lower = unit >= 65 && unit <= 90 ? unit + 32 : unit;
  return (lower >= 97 && lower <= 122) || (unit >= 48 && unit <= 57) ? lower : 0;
});

/**
 * Word pieces of uncased BERT without special tokens around them (`BertWordPieceTokenizer` of huggingface/tokenizers).
 * Takes time linear in the text. An instance keeps buffers and is not re-entrant.
 */
class WordPieceTokenizer implements HydraTokenizer {
  readonly #vocabulary: Vocabulary;
  readonly #special: ReadonlyMap<string, number>;
  readonly #classes = new CharacterClasses();
  /** UTF-8 of the word that is being read, in lower case. */
  readonly #word = new Uint8Array(4 * MAX_WORD_CHARACTERS);
  #ids = new Int32Array(1024);
  #starts = new Int32Array(1024);
  #ends = new Int32Array(1024);
  #count = 0;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.#special = new Map(
      SPECIAL_PIECES.flatMap((piece) => {
        const id = vocabulary.idOf(piece);
        return id === undefined ? [] : [[piece, id] as const];
      }),
    );
  }

  encode(text: string): TokenizedText {
    this.#count = 0;
    let at = 0;
    while (at < text.length) at = this.#readToken(text, at);
    if (this.#count === 0) this.#push(PADDING_ID, 0, text.length);
    const count = this.#count;
    const result = {
      ids: this.#ids.subarray(0, count),
      starts: this.#starts.subarray(0, count),
      ends: this.#ends.subarray(0, count),
    };
    // One huge text is no reason to keep huge buffers.
    if (this.#ids.length > 2 ** 18) {
      this.#ids = new Int32Array(1024);
      this.#starts = new Int32Array(1024);
      this.#ends = new Int32Array(1024);
    }
    return result;
  }

  /** Reads a word, a punctuation mark or what is skipped; returns where the next begins. */
  #readToken(text: string, start: number): number {
    const word = this.#word;
    let at = start;
    // Letters and digits of ASCII are nearly everything, and need no look-up.
    for (; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      const lower = unit < 128 ? LETTERS[unit] : 0;
      if (lower === 0) break;
      const length = at - start;
      if (length < word.length) word[length] = lower;
    }
    const codePoint = text.codePointAt(at);
    if (codePoint === undefined) {
      this.#addWord(at - start, at - start, start, at);
      return at;
    }
    const kind = this.#classes.classOf(codePoint);
    if (kind === CHARACTER.LETTER || kind === CHARACTER.DROPPED) return this.#readOtherWord(text, start, at);
    if (at > start) {
      this.#addWord(at - start, at - start, start, at);
      return at;
    }
    if (kind === CHARACTER.SPACE) return at + 1;
    if (codePoint === 0x5b) {
      const end = this.#readSpecialPiece(text, at);
      if (end > at) return end;
    }
    const end = at + (codePoint > 0xffff ? 2 : 1);
    // What ASCII and the main block of ideographs hold is normal already.
    if (codePoint < 128 || (kind === CHARACTER.IDEOGRAPH && codePoint < 0xa000)) {
      this.#addWord(this.#write(codePoint, 0), 1, at, end);
    } else this.#addNormalized(normalizeWord(text.slice(at, end)), at, end);
    return end;
  }

  /** Reads a word with other characters than ASCII's letters; `at` is its first one. */
  #readOtherWord(text: string, start: number, first: number): number {
    let at = first;
    while (at < text.length) {
      const codePoint = text.codePointAt(at)!;
      const kind = this.#classes.classOf(codePoint);
      if (kind !== CHARACTER.LETTER && kind !== CHARACTER.DROPPED) break;
      at += codePoint > 0xffff ? 2 : 1;
    }
    this.#addNormalized(normalizeWord(text.slice(start, at)), start, at);
    return at;
  }

  #readSpecialPiece(text: string, at: number): number {
    for (const [piece, id] of this.#special) {
      if (!text.startsWith(piece, at)) continue;
      this.#push(id, at, at + piece.length);
      return at + piece.length;
    }
    return at;
  }

  /** Adds what a normalized word consists of: decomposition may have brought spaces and punctuation. */
  #addNormalized(normalized: string, start: number, end: number): void {
    let length = 0;
    let characters = 0;
    const flush = (): void => {
      if (characters > 0) this.#addWord(length, characters, start, end);
      length = 0;
      characters = 0;
    };
    for (let at = 0; at < normalized.length;) {
      const codePoint = normalized.codePointAt(at)!;
      const units = codePoint > 0xffff ? 2 : 1;
      const kind = this.#classes.classOf(codePoint);
      if (kind === CHARACTER.SPACE || kind === CHARACTER.PUNCTUATION) flush();
      if (kind !== CHARACTER.SPACE) {
        length = this.#write(codePoint, length);
        characters++;
        if (kind === CHARACTER.PUNCTUATION) flush();
      }
      at += units;
    }
    flush();
  }

  /** Writes a character to `#word` at `at`, as far as that goes; returns where the next is written. */
  #write(codePoint: number, at: number): number {
    const word = this.#word;
    if (codePoint < 0x80) {
      word[at] = codePoint;
      return at + 1;
    }
    const bytes = codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    for (let i = bytes - 1, rest = codePoint; i > 0; i--, rest >>= 6) word[at + i] = 0x80 | (rest & 0x3f);
    word[at] = ((0xf00 >> bytes) & 0xff) | (codePoint >> (6 * (bytes - 1)));
    return at + bytes;
  }

  /** Adds the pieces of the word in `#word`: the longest match first; all or unknown. */
  #addWord(length: number, characters: number, start: number, end: number): void {
    const vocabulary = this.#vocabulary;
    const before = this.#count;
    let at = 0;
    while (at < length && characters <= MAX_WORD_CHARACTERS) {
      const id = vocabulary.matchLongest(this.#word, at, length, at > 0);
      if (id < 0) break;
      this.#push(id, start, end);
      at += vocabulary.lengthOf(id);
    }
    if (at === length) return;
    this.#count = before;
    this.#push(vocabulary.unknownId, start, end);
  }

  #push(id: number, start: number, end: number): void {
    const index = this.#count++;
    if (index === this.#ids.length) {
      this.#ids = doubled(this.#ids);
      this.#starts = doubled(this.#starts);
      this.#ends = doubled(this.#ends);
    }
    this.#ids[index] = id;
    this.#starts[index] = start;
    this.#ends[index] = end;
  }
}

function doubled(values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}

/**
 * The tokenizer of word pieces for an embedding of `vocabSize` rows.
 * @throws {FormatError} `M2M_WEIGHTS_INVALID`, `M2M_UTF8_INVALID`
 */
export function createWordPieceTokenizer(file: Uint8Array, vocabSize: number): HydraTokenizer {
  const vocabulary = new Vocabulary(file);
  if (vocabulary.size > vocabSize) {
    throw invalid(`The vocabulary has ${vocabulary.size} pieces, and the embedding ${vocabSize} rows.`);
  }
  return new WordPieceTokenizer(vocabulary);
}
