import type { AlgorithmName, LevelName } from "../shared/algorithms.js";
import type { BpeEncodingName } from "../shared/encodings.js";
import type { Limits } from "../shared/limits.js";
import type { TokenizerCache } from "../tokenizer/index.js";

/** What an algorithm can carry: any bytes, well-formed UTF-8 text, or JSON text. */
export type Carries = "bytes" | "text" | "json";

/** In what sense a round trip is exact: the same bytes, or the same JSON text minus insignificant whitespace. */
export type LosslessScope = "bytes" | "minified-json";

/** Settings a codec is made with. What a codec does not know it ignores. */
export interface CodecOptions {
  limits?: Partial<Limits>;
  /** Vocabulary of `token-native`. Default `cl100k_base`. */
  encoding?: BpeEncodingName;
  /** Where `token-native` takes its vocabularies from. Default: one cache for the process. */
  tokenizers?: TokenizerCache;
  /** Brotli quality, 0 (fast) to 11 (small). */
  quality?: number;
  /** How much time `dictionary` takes for smaller wires. Default `default`. */
  level?: LevelName;
  /** Brotli implementation; default `node:zlib` on Node. */
  brotli?: BrotliEngine;
  /** 32 bytes: frames are secured when compressing (see `security`) and verified or opened when decompressing. */
  key?: Uint8Array;
  /** How a frame is secured when compressing. Default `aead` if a key is given, else `none`. */
  security?: SecurityMode;
  /**
   * With a key: accept wires that are not secured all the same. By default they are refused: whoever can change a wire
   * could otherwise replace a secured one.
   */
  allowUnsecured?: boolean;
}

export type SecurityMode = "none" | "hmac" | "aead";

/** One wire format. Content is bytes; a wire is text, and bytes too where the format defines a binary form. */
export interface Codec {
  /** Text wire of `content`. @throws M2MError if this format cannot carry it. */
  encodeText(content: Uint8Array): string;
  /** Content of a text wire that starts with this codec's prefix. @throws M2MError */
  decodeText(wire: string): Uint8Array;
  /** Binary wire of `content`; absent where the format has none. */
  encodeBinary?(content: Uint8Array): Uint8Array;
  decodeBinary?(wire: Uint8Array): Uint8Array;
}

/** What shared code knows of an algorithm. Nothing but the published policy names one. */
export interface AlgorithmDescriptor {
  readonly name: AlgorithmName;
  /** ASCII prefix of the text wire; empty for `none`. */
  readonly prefix: string;
  readonly carries: Carries;
  readonly lossless: LosslessScope;
  /** Whether a binary wire exists. */
  readonly binary: boolean;
  /** Whether a model could read its text wire: it is the content, or JSON of shorter names. */
  readonly isReadable?: boolean;
  /** Whether its wires can be secured with a key. */
  readonly canSecure?: boolean;
  /** Whether `quality` makes a difference. */
  readonly usesQuality?: boolean;
  /** Whether `level` makes a difference. */
  readonly usesLevel?: boolean;
  /** Whether published peers lack it: the policy `published` never takes it. */
  readonly isExtension?: boolean;
  /** Relative time to compress: candidates are tried in this order. */
  readonly costClass: number;
  /** Whether `bytes` are this algorithm's binary wire. Absent where there is none. */
  matchesBinary?(bytes: Uint8Array): boolean;
  /** What a wire of this algorithm says of itself in its opening. */
  describeWire?(wire: string | Uint8Array): { encoding?: BpeEncodingName };
  /** The bytes that a text wire writes as text, for connections that carry bytes. Absent: they are its UTF-8. */
  packWire?(wire: string): Uint8Array;
  /** The text wire that `packWire` was given. */
  unpackWire?(packed: Uint8Array): string;
  create(options: CodecOptions): Codec;
}

/** A Brotli implementation (RFC 7932). */
export interface BrotliEngine {
  readonly name: string;
  /** @param quality 0 to 11 */
  compress(content: Uint8Array, quality: number): Uint8Array;
  /**
   * @throws {LimitError} `M2M_OUTPUT_TOO_LARGE` as soon as the output passes `maxOutputBytes`
   * @throws {FormatError} `M2M_BROTLI_INVALID`, `M2M_BROTLI_TRUNCATED`
   */
  decompress(compressed: Uint8Array, maxOutputBytes: number): Uint8Array;
}
