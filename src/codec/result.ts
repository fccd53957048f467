import type { AlgorithmName } from "../shared/algorithms.js";
import type { BpeEncodingName } from "../shared/encodings.js";

export interface CompressionResult {
  algorithm: AlgorithmName;
  /** Vocabulary of a `token-native` wire. */
  encoding?: BpeEncodingName;
  /** The wire: text, or bytes if `binary` was asked for. */
  data: string | Uint8Array;
  /** Bytes of the content as it was given, also where `dropDefaults` has dropped something from it. */
  originalBytes: number;
  /** Bytes of the wire, in UTF-8 if it is text. */
  compressedBytes: number;
  /** compressedBytes / originalBytes; smaller is better; 1 for empty content. */
  ratio: number;
  /** Why `auto` chose this algorithm; absent if it was asked for. */
  reason?: string;
}

export interface DecompressionResult {
  algorithm: AlgorithmName;
  form: "text" | "binary";
  encoding?: BpeEncodingName;
  bytes: Uint8Array;
  /** The bytes as text. @throws {FormatError} `M2M_UTF8_INVALID` */
  readonly text: string;
}
