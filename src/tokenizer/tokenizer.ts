import type { BpeEncodingName } from "../shared/encodings.js";
import { assertContent } from "../shared/content.js";
import { FormatError, InputError } from "../shared/errors.js";
import { encodeUtf8, findInvalidUtf8, decodeUtf8 } from "../shared/utf8.js";
import { type CharClasses, makeCharClasses } from "./char-classes.js";
import { PieceEncoder } from "./piece-encoder.js";
import { findToken } from "./rank-lookup.js";
import { openRankTable, type RankTable } from "./rank-table.js";
import { nextPieceCl100k, nextPieceO200k } from "./split-pieces.js";

const LESS_THAN = 0x3c;
const BAR = 0x7c;
const GREATER_THAN = 0x3e;
/** Most bytes a special token has: `<|`, 60 characters, `|>`. */
const MAX_SPECIAL_BYTES = 64;
const NO_SPECIAL = -1;
/** Most ids that are kept room for between calls (1 MB). */
const MAX_KEPT_SCRATCH = 1 << 18;

/** Content cut to a number of tokens. `content` has the type of what was cut. */
export interface Truncation<Content extends string | Uint8Array> {
  readonly content: Content;
  /** Tokens of the cut content. */
  readonly tokenCount: number;
  readonly truncated: boolean;
}

/**
 * A byte-level byte-pair tokenizer over one rank table. Ids equal those of the reference implementation
 * (`tiktoken`, with all special tokens allowed). Not for use by two calls at once: it owns caches and scratch memory.
 */
export class Tokenizer {
  readonly #table: RankTable;
  readonly #classes: CharClasses;
  readonly #pieces: PieceEncoder;
  #scratch: Uint32Array = new Uint32Array(1024);

  private constructor(table: RankTable) {
    this.#table = table;
    this.#classes = makeCharClasses();
    this.#pieces = new PieceEncoder(table);
  }

  /**
   * A tokenizer over a table made by `scripts/build-ranks.mjs` (`dist/ranks/<encoding>.bin`). The bytes are used in
   * place and must not change.
   * @throws {FormatError} `M2M_RANK_TABLE_INVALID`
   */
  static fromRankTable(table: Uint8Array): Tokenizer {
    return new Tokenizer(openRankTable(table));
  }

  get encoding(): BpeEncodingName {
    return this.#table.encoding;
  }

  /** Highest token id + 1. Some ids below it may be unused: see `hasToken`. */
  get vocabularySize(): number {
    return this.#table.vocabularySize;
  }

  /** Whether `id` is a token, special ones included. */
  hasToken(id: number): boolean {
    return this.tokenLength(id) > 0;
  }

  /** Bytes of the token `id`; 0 if there is none. */
  tokenLength(id: number): number {
    const { offsets, vocabularySize } = this.#table;
    return Number.isInteger(id) && id >= 0 && id < vocabularySize ? offsets[id + 1] - offsets[id] : 0;
  }

  /** Writes the bytes of the token `id`, which must be one, at `at` in `target`. @returns the offset behind them */
  copyToken(id: number, target: Uint8Array, at: number): number {
    const { offsets, blob } = this.#table;
    const end = offsets[id + 1];
    for (let from = offsets[id]; from < end; from++) target[at++] = blob[from];
    return at;
  }

  /**
   * Token ids of `content`; special tokens in it are recognised, none is added.
   * @throws {FormatError} `M2M_TEXT_LONE_SURROGATE` (text), `M2M_UTF8_INVALID` (bytes)
   */
  encode(content: string | Uint8Array): Uint32Array {
    return this.#encodeToScratch(toBytes(content)).slice();
  }

  /**
   * Number of tokens of `content`. Allocates no ids.
   * @throws {FormatError} `M2M_TEXT_LONE_SURROGATE` (text), `M2M_UTF8_INVALID` (bytes)
   */
  count(content: string | Uint8Array): number {
    return this.countUtf8(toBytes(content));
  }

  /** Number of tokens of bytes that the caller knows to be well-formed UTF-8. */
  countUtf8(bytes: Uint8Array): number {
    return this.#run(bytes, undefined);
  }

  /**
   * Number of bytes that `ids` stand for.
   * @throws {FormatError} `M2M_TK_TOKEN_UNKNOWN` with the index in `ids` as offset
   */
  decodedLength(ids: ArrayLike<number>): number {
    assertIds(ids);
    const { offsets, vocabularySize } = this.#table;
    let size = 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      // Written so that NaN fails, too; fractions have no offset and so no length.
      const length = id >= 0 && id < vocabularySize ? offsets[id + 1] - offsets[id] : 0;
      if (!(length > 0)) {
        throw new FormatError(
          "M2M_TK_TOKEN_UNKNOWN",
          `The id ${id} at index ${i} is no token of ${this.#table.encoding}.`,
          { offset: i },
        );
      }
      size += length;
    }
    return size;
  }

  /**
   * The bytes that `ids` stand for; one character's bytes may be spread over several tokens.
   * @throws {FormatError} `M2M_TK_TOKEN_UNKNOWN` with the index in `ids` as offset
   */
  decode(ids: ArrayLike<number>): Uint8Array {
    const { offsets, blob } = this.#table;
    const bytes = new Uint8Array(this.decodedLength(ids));
    let at = 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      const end = offsets[id + 1];
      for (let from = offsets[id]; from < end; from++) bytes[at++] = blob[from];
    }
    return bytes;
  }

  /**
   * The longest start of `content` that ends behind one of its tokens, splits no character, and has at most `maxTokens`
   * tokens itself (a start encoded alone may merge differently where it was cut).
   * @throws {FormatError} `M2M_TEXT_LONE_SURROGATE` (text), `M2M_UTF8_INVALID` (bytes)
   * @throws {InputError} `M2M_USAGE` if `maxTokens` is no number from 0
   */
  truncate<Content extends string | Uint8Array>(content: Content, maxTokens: number): Truncation<Content> {
    assertMaxTokens(maxTokens);
    const bytes = toBytes(content);
    const ids = this.#encodeToScratch(bytes);
    const limit = Math.floor(maxTokens);
    if (ids.length <= limit) return { content, tokenCount: ids.length, truncated: false };
    const { offsets } = this.#table;
    let kept = limit;
    let size = this.decodedLength(ids.subarray(0, kept));
    for (;;) {
      const tokenCount = (bytes[size] & 0xc0) === 0x80 ? Infinity : this.countUtf8(bytes.subarray(0, size));
      if (tokenCount <= limit) {
        const start = bytes.subarray(0, size);
        const cut = typeof content === "string" ? decodeUtf8(start) : new Uint8Array(start);
        return { content: cut as Content, tokenCount, truncated: true };
      }
      kept--;
      size -= offsets[ids[kept] + 1] - offsets[ids[kept]];
    }
  }

  /** Ids of well-formed UTF-8; valid until the next call. */
  #encodeToScratch(bytes: Uint8Array): Uint32Array {
    const { length } = bytes;
    let scratch = this.#scratch;
    if (scratch.length < length) {
      // One id a byte is the most there can be. What is never written to takes no memory, but is not worth keeping.
      scratch = new Uint32Array(length);
      if (length <= MAX_KEPT_SCRATCH) this.#scratch = scratch;
    }
    return scratch.subarray(0, this.#run(bytes, scratch));
  }

  /** Encodes well-formed UTF-8, special tokens included, to `out`, or counts if `out` is undefined. */
  #run(bytes: Uint8Array, out: Uint32Array | undefined): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = bytes.length;
    let start = 0;
    let count = 0;
    let candidate = bytes.indexOf(LESS_THAN);
    while (candidate >= 0) {
      const special = this.#specialAt(bytes, candidate);
      if (special === NO_SPECIAL) {
        candidate = bytes.indexOf(LESS_THAN, candidate + 1);
        continue;
      }
      count = this.#encodeOrdinary(bytes, view, start, candidate, out, count);
      if (out !== undefined) out[count] = special;
      count++;
      start = candidate + this.#table.offsets[special + 1] - this.#table.offsets[special];
      candidate = bytes.indexOf(LESS_THAN, start);
    }
    return this.#encodeOrdinary(bytes, view, start, end, out, count);
  }

  #encodeOrdinary(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    out: Uint32Array | undefined,
    count: number,
  ): number {
    const classes = this.#classes;
    const pieces = this.#pieces;
    // Two loops, so that each calls one function that can be inlined. Only cut characters reach over the end.
    if (this.#table.pattern === "o200k") {
      while (start < end) {
        const next = Math.min(nextPieceO200k(bytes, start, end, classes), end);
        count = pieces.encode(bytes, view, start, next, out, count);
        start = next;
      }
    } else {
      while (start < end) {
        const next = Math.min(nextPieceCl100k(bytes, start, end, classes), end);
        count = pieces.encode(bytes, view, start, next, out, count);
        start = next;
      }
    }
    return count;
  }

  /** Id of the special token that starts at `at`, or `NO_SPECIAL`. */
  #specialAt(bytes: Uint8Array, at: number): number {
    if (bytes[at + 1] !== BAR) return NO_SPECIAL;
    const limit = Math.min(bytes.length, at + MAX_SPECIAL_BYTES);
    for (let end = at + 3; end < limit; end++) {
      if (bytes[end] === LESS_THAN) return NO_SPECIAL;
      if (bytes[end] !== GREATER_THAN) continue;
      const id = findToken(this.#table, bytes, at, end + 1);
      return id >= this.#table.firstSpecial ? id : NO_SPECIAL;
    }
    return NO_SPECIAL;
  }
}

/** What is left out would otherwise leave nothing of a text, and nobody would know why. @throws {InputError} `M2M_USAGE` */
function assertMaxTokens(maxTokens: unknown): void {
  if (typeof maxTokens === "number" && maxTokens >= 0) return;
  throw new InputError("M2M_USAGE", `maxTokens is a number from 0, not ${String(maxTokens)}.`);
}

/** @throws {InputError} `M2M_USAGE` */
function assertIds(ids: unknown): void {
  if (typeof ids === "object" && Number.isSafeInteger((ids as ArrayLike<number> | null)?.length)) return;
  throw new InputError("M2M_USAGE", `Token ids are an array of numbers, not ${typeof ids}.`);
}

function toBytes(content: string | Uint8Array): Uint8Array {
  if (typeof content === "string") return encodeUtf8(content);
  assertContent("What has tokens", content);
  const offset = findInvalidUtf8(content);
  if (offset < 0) return content;
  throw new FormatError("M2M_UTF8_INVALID", `The bytes are not valid UTF-8 at offset ${offset}.`, { offset });
}
