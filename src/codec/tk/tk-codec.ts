import { quote } from "../../shared/quote.js";
import { decodeBase64, encodeBase64 } from "../../shared/base64.js";
import { assertOptions } from "../../shared/bounds.js";
import { concatBytes } from "../../shared/bytes.js";
import { DEFAULT_ENCODING } from "../../shared/defaults.js";
import type { BpeEncodingName } from "../../shared/encodings.js";
import { assertBytes, assertText } from "../../shared/content.js";
import { FormatError, UnsupportedError } from "../../shared/errors.js";
import { assertInputSize, resolveLimits, type Limits } from "../../shared/limits.js";
import { findInvalidUtf8, tryDecodeUtf8 } from "../../shared/utf8.js";
import { defaultTokenizers, type TokenizerCache } from "../../tokenizer/index.js";
import type { AlgorithmDescriptor, Codec, CodecOptions } from "../types.js";
import { decodeTokenIds, writeTokenIds } from "./token-ids.js";

export const TK_PREFIX = "#TK|";

/** `#TK|C|`: prefix, letter, separator. */
const HEADER_LENGTH = TK_PREFIX.length + 2;

/** Letter of the text form and first byte of the raw form, by encoding (docs/spec/token-native.md). */
const LETTERS: readonly (readonly [letter: string, encoding: BpeEncodingName])[] = [
  ["C", "cl100k_base"],
  ["O", "o200k_base"],
  ["L", "llama"],
];

/** `token-native`: the content as the token ids of a public vocabulary, which is the dictionary. */
export class TokenNativeCodec implements Codec {
  readonly encoding: BpeEncodingName;
  readonly #tokenizers: TokenizerCache;
  readonly #limits: Limits;

  constructor(options: CodecOptions = {}) {
    assertOptions("The options", options);
    this.encoding = options.encoding ?? DEFAULT_ENCODING;
    this.#tokenizers = options.tokenizers ?? defaultTokenizers;
    this.#limits = resolveLimits(options.limits);
  }

  encodeText(content: Uint8Array): string {
    return unpackWire(this.encodeBinary(content));
  }

  /** @throws {FormatError} `M2M_UTF8_INVALID`: token ids carry text only. */
  encodeBinary(content: Uint8Array): Uint8Array {
    assertBytes("Content", content);
    assertInputSize(content.length, this.#limits);
    const letter = LETTERS.findIndex(([, encoding]) => encoding === this.encoding);
    return writeTokenIds(letter, this.#tokenizers.get(this.encoding).encode(content));
  }

  decodeText(wire: string): Uint8Array {
    assertText("A wire", wire);
    if (!wire.startsWith(TK_PREFIX)) {
      throw new FormatError("M2M_WIRE_UNKNOWN", `A token-native wire starts with ${TK_PREFIX}`, {
        offset: 0,
      });
    }
    const encoding = parseHeader(wire);
    return this.#decode(encoding, decodeBase64(wire, HEADER_LENGTH), 0);
  }

  decodeBinary(wire: Uint8Array): Uint8Array {
    assertBytes("A binary wire", wire);
    assertRaw(wire);
    return this.#decode(LETTERS[wire[0]][1], wire, 1);
  }

  #decode(encoding: BpeEncodingName, bytes: Uint8Array, start: number): Uint8Array {
    return checkText(decodeTokenIds(bytes, start, this.#tokenizers.get(encoding), this.#limits));
  }
}

/** How many first bytes, from 0 on, the raw form may have. */
export const RAW_OPENING_COUNT = LETTERS.length;

/** Whether `bytes` open like the raw form. */
function isRawTokenNative(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes[0] < RAW_OPENING_COUNT;
}

/** The vocabulary that a token-native wire was written with, or `undefined` if its header is malformed. */
function tokenNativeEncoding(wire: string | Uint8Array): BpeEncodingName | undefined {
  if (typeof wire !== "string") return isRawTokenNative(wire) ? LETTERS[wire[0]][1] : undefined;
  if (!wire.startsWith(TK_PREFIX) || wire.charAt(TK_PREFIX.length + 1) !== "|") return undefined;
  const given = wire.charAt(TK_PREFIX.length);
  return LETTERS.find(([letter]) => letter === given)?.[1];
}

/** The raw form of a text wire. @throws {FormatError} if its header or its base64 is malformed */
function packWire(wire: string): Uint8Array {
  const encoding = parseHeader(wire);
  const letter = LETTERS.findIndex(([, name]) => name === encoding);
  return concatBytes([Uint8Array.of(letter), decodeBase64(wire, HEADER_LENGTH)]);
}

/** The text wire of a raw one. @throws {FormatError} `M2M_TK_HEADER_INVALID` */
function unpackWire(raw: Uint8Array): string {
  assertRaw(raw);
  return `${TK_PREFIX}${LETTERS[raw[0]][0]}|${encodeBase64(raw.subarray(1))}`;
}

/** @throws {FormatError} `M2M_TK_HEADER_INVALID` */
function assertRaw(wire: Uint8Array): void {
  if (isRawTokenNative(wire)) return;
  const message = "A raw token-native wire starts with the byte 0, 1 or 2.";
  throw new FormatError("M2M_TK_HEADER_INVALID", message, { offset: 0 });
}

function parseHeader(wire: string): BpeEncodingName {
  const encoding = tokenNativeEncoding(wire);
  if (encoding) return encoding;
  const letter = wire.charAt(TK_PREFIX.length);
  if (wire.charAt(TK_PREFIX.length + 1) === "|") {
    throw new UnsupportedError("M2M_TOKENIZER_UNSUPPORTED", `There is no tokenizer ${quote(letter)}.`, {
      offset: TK_PREFIX.length,
      hint: `Known tokenizers: ${LETTERS.map(([known, name]) => `${known} (${name})`).join(", ")}.`,
    });
  }
  const message = `A token-native wire goes on with a tokenizer letter and "|" at offset ${TK_PREFIX.length}.`;
  throw new FormatError("M2M_TK_HEADER_INVALID", message, { offset: TK_PREFIX.length });
}

/** Token ids can spell any bytes; content is text. */
function checkText(content: Uint8Array): Uint8Array {
  if (tryDecodeUtf8(content) !== undefined) return content;
  const offset = findInvalidUtf8(content);
  const message = `The token ids spell bytes that are not UTF-8 at offset ${offset} of the content.`;
  throw new FormatError("M2M_TK_TEXT_INVALID", message, { offset });
}

export const TK_DESCRIPTOR: AlgorithmDescriptor = {
  name: "token-native",
  prefix: TK_PREFIX,
  carries: "text",
  lossless: "bytes",
  binary: true,
  costClass: 2,
  matchesBinary: isRawTokenNative,
  describeWire: (wire) => ({ encoding: tokenNativeEncoding(wire) }),
  packWire,
  unpackWire,
  create: (options) => new TokenNativeCodec(options),
};
