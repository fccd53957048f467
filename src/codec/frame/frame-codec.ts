import { concatBytes } from "../../shared/bytes.js";
import { decodeBase64, encodeBase64 } from "../../shared/base64.js";
import { assertName, assertOptions } from "../../shared/bounds.js";
import { assertBytes, assertText } from "../../shared/content.js";
import { InputError, IntegrityError } from "../../shared/errors.js";
import {
  assertInputSize,
  resolveLimits,
  maxWireBytes,
  outputTooLarge,
  type Limits,
} from "../../shared/limits.js";
import { assertKey } from "../../shared/keys.js";
import { createNodeBrotliEngine, parseBrotliQuality } from "../brotli/index.js";
import { unsecuredWire } from "../secured.js";
import type { AlgorithmDescriptor, BrotliEngine, Codec, CodecOptions, SecurityMode } from "../types.js";
import { crc32 } from "../../shared/crc32.js";
import { authenticationFailed, frameTrailing, frameTruncated } from "./errors.js";
import { COMPRESSED_FLAG } from "./flags.js";
import {
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  COMPRESSION_THRESHOLD_BYTES,
  FIXED_HEADER_BYTES,
  FLAGS_OFFSET,
  FRAME_SCHEMAS,
  FRAME_PREFIX,
  HMAC_TAG_BYTES,
  PAYLOAD_PREFIX_BYTES,
  PREFIX_BYTES,
  SCHEMA_BYTES,
  SCHEMA_OFFSET,
  SECURITY_MODES,
  SECURITY_OFFSET,
  type FrameSchema,
} from "./layout.js";
import { assertPrefix, binaryBody, isBinaryFrame, readUint32 } from "./peek.js";
import { readFixedHeader, type FixedHeader } from "./read-header.js";
import { readVariableHeader } from "./read-variable-header.js";
import { createNodeFrameCrypto, type FrameCrypto } from "./security.js";
import { describeContent, type ContentHeader } from "./write-header.js";

const PREFIX = new TextEncoder().encode(FRAME_PREFIX);

/** Settings of the frame codec beyond those of every codec. */
export interface FrameOptions extends CodecOptions {
  /** What the content is labelled as; told from the content by default. */
  schema?: FrameSchema;
  /** Primitives of secured frames; default those of `node:crypto`. */
  crypto?: FrameCrypto;
}

/** `m2m`: headers readable by routers, then the content, compressed and perhaps secured (docs/spec/frame.md). */
export class FrameCodec implements Codec {
  readonly security: SecurityMode;
  readonly quality: number;
  readonly #limits: Limits;
  readonly #key: Uint8Array | undefined;
  readonly #options: FrameOptions;
  #brotli: BrotliEngine | undefined;
  #crypto: FrameCrypto | undefined;

  /**
   * @throws {InputError} `M2M_KEY_INVALID` if the key has not 32 bytes, `M2M_KEY_REQUIRED` if `security` needs one,
   *   `M2M_USAGE` if the quality is no integer from 0 to 11
   */
  constructor(options: FrameOptions = {}) {
    assertOptions("The options", options);
    const { key } = options;
    assertKey(key);
    this.security = options.security ?? (key === undefined ? "none" : "aead");
    assertName("frame security", this.security, SECURITY_MODES);
    if (this.security !== "none" && key === undefined)
      throw keyRequired(`Securing a frame by ${this.security}`);
    if (options.schema !== undefined) assertName("frame schema", options.schema, FRAME_SCHEMAS);
    this.quality = parseBrotliQuality(options.quality);
    this.#limits = resolveLimits(options.limits);
    this.#key = key && Uint8Array.from(key);
    this.#options = options;
    this.#brotli = options.brotli;
    this.#crypto = options.crypto;
  }

  encodeText(content: Uint8Array): string {
    return FRAME_PREFIX + encodeBase64(this.encodeBinary(content).subarray(PREFIX_BYTES));
  }

  encodeBinary(content: Uint8Array): Uint8Array {
    assertBytes("Content", content);
    assertInputSize(content.length, { maxInputBytes: Math.min(this.#limits.maxInputBytes, 0xffffffff) });
    const header = describeContent(content, this.#limits.maxJsonDepth, this.#options.schema);
    const compressed = content.length < COMPRESSION_THRESHOLD_BYTES ? content : this.#compress(content);
    const isSmaller = compressed.length < content.length;
    const payload = isSmaller ? compressed : content;
    const headerBytes = FIXED_HEADER_BYTES + header.variable.length;
    const body = new Uint8Array(headerBytes + PAYLOAD_PREFIX_BYTES + payload.length);
    writeHeaders(body, header, this.security, isSmaller);
    const view = new DataView(body.buffer, headerBytes);
    view.setUint32(0, payload.length, true);
    view.setUint32(4, crc32(content), true);
    body.set(payload, headerBytes + PAYLOAD_PREFIX_BYTES);
    return this.#secure(body, headerBytes);
  }

  decodeText(wire: string): Uint8Array {
    assertText("A wire", wire);
    assertPrefix(wire);
    assertInputSize(wire.length, { maxInputBytes: maxWireBytes(this.#limits) });
    return this.#decode(decodeBase64(wire, PREFIX_BYTES));
  }

  decodeBinary(wire: Uint8Array): Uint8Array {
    assertBytes("A binary wire", wire);
    const body = binaryBody(wire);
    assertInputSize(wire.length, { maxInputBytes: maxWireBytes(this.#limits) });
    return this.#decode(body);
  }

  #decode(body: Uint8Array): Uint8Array {
    const fixed = readFixedHeader(body);
    const rest = this.#verify(body, fixed);
    readVariableHeader(body, fixed);
    return this.#readPayload(rest, fixed.compressed);
  }

  /** The payload's length, its CRC-32 and itself, verified and in the clear. */
  #verify(body: Uint8Array, { security, headerBytes }: FixedHeader): Uint8Array {
    if (security === "none") {
      if (this.#key && !this.#options.allowUnsecured) throw unsecuredWire("frame");
      return body.subarray(headerBytes, checkEnd(body, headerBytes, 0));
    }
    if (!this.#key) throw keyRequired(`The frame is secured by ${security}; reading it`);
    if (security === "hmac") {
      const end = checkEnd(body, headerBytes, HMAC_TAG_BYTES);
      const expected = this.#primitives().hmac(this.#key, body.subarray(0, end));
      if (!this.#primitives().equal(expected, body.subarray(end))) throw authenticationFailed();
      return body.subarray(headerBytes, end);
    }
    const need = headerBytes + AEAD_NONCE_BYTES + PAYLOAD_PREFIX_BYTES + AEAD_TAG_BYTES;
    if (body.length < need) throw frameTruncated(body.length, need, "sealed payload");
    const sealedAt = headerBytes + AEAD_NONCE_BYTES;
    const nonce = body.subarray(headerBytes, sealedAt);
    const plaintext = this.#primitives().open(
      this.#key,
      nonce,
      body.subarray(sealedAt),
      body.subarray(0, headerBytes),
    );
    checkEnd(plaintext, 0, 0);
    return plaintext;
  }

  #readPayload(rest: Uint8Array, compressed: boolean): Uint8Array {
    const payload = rest.subarray(PAYLOAD_PREFIX_BYTES);
    const { maxOutputBytes } = this.#limits;
    if (!compressed && payload.length > maxOutputBytes) throw outputTooLarge(this.#limits);
    const content = compressed ? this.#engine().decompress(payload, maxOutputBytes) : new Uint8Array(payload);
    if (crc32(content) === readUint32(rest, 4)) return content;
    throw new IntegrityError(
      "M2M_CHECKSUM_MISMATCH",
      "The content does not have the CRC-32 that the frame states.",
    );
  }

  #secure(body: Uint8Array, headerBytes: number): Uint8Array {
    if (!this.#key || this.security === "none") return concatBytes([PREFIX, body]);
    if (this.security === "hmac")
      return concatBytes([PREFIX, body, this.#primitives().hmac(this.#key, body)]);
    const headers = body.subarray(0, headerBytes);
    const nonce = this.#primitives().nonce();
    const sealed = this.#primitives().seal(this.#key, nonce, body.subarray(headerBytes), headers);
    return concatBytes([PREFIX, headers, nonce, sealed]);
  }

  #compress(content: Uint8Array): Uint8Array {
    return this.#engine().compress(content, this.quality);
  }

  #engine(): BrotliEngine {
    return (this.#brotli ??= createNodeBrotliEngine());
  }

  #primitives(): FrameCrypto {
    return (this.#crypto ??= createNodeFrameCrypto());
  }
}

function writeHeaders(
  body: Uint8Array,
  header: ContentHeader,
  security: SecurityMode,
  compressed: boolean,
): void {
  const view = new DataView(body.buffer);
  view.setUint16(0, FIXED_HEADER_BYTES + header.variable.length, true);
  body[SCHEMA_OFFSET] = SCHEMA_BYTES[header.schema];
  body[SECURITY_OFFSET] = SECURITY_MODES.indexOf(security);
  view.setUint16(FLAGS_OFFSET, header.flags, true);
  body[FLAGS_OFFSET + 3] = compressed ? COMPRESSED_FLAG : 0;
  body.set(header.variable, FIXED_HEADER_BYTES);
}

/**
 * Where the payload ends, by the length stated at `at`: `tailBytes` before the end of `body`, neither more nor less.
 * @throws {FormatError} `M2M_FRAME_TRUNCATED`, `M2M_FRAME_TRAILING_BYTES`
 */
function checkEnd(body: Uint8Array, at: number, tailBytes: number): number {
  const start = at + PAYLOAD_PREFIX_BYTES;
  if (body.length < start) throw frameTruncated(body.length, start, "payload length and checksum");
  const end = start + readUint32(body, at);
  if (body.length < end + tailBytes) throw frameTruncated(body.length, end + tailBytes, "payload");
  if (body.length > end + tailBytes) throw frameTrailing(body.length, end + tailBytes);
  return end;
}

function keyRequired(what: string): InputError {
  return new InputError("M2M_KEY_REQUIRED", `${what} needs a key.`, {
    hint: "Give the 32-byte key of the frame.",
  });
}

export const FRAME_DESCRIPTOR: AlgorithmDescriptor = {
  name: "m2m",
  prefix: FRAME_PREFIX,
  carries: "bytes",
  lossless: "bytes",
  binary: true,
  canSecure: true,
  usesQuality: true,
  costClass: 4,
  matchesBinary: isBinaryFrame,
  packWire: (wire) => {
    assertPrefix(wire);
    return concatBytes([PREFIX, decodeBase64(wire, PREFIX_BYTES)]);
  },
  unpackWire: (frame) => FRAME_PREFIX + encodeBase64(binaryBody(frame)),
  create: (options) => new FrameCodec(options),
};
