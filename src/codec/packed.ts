import type { AlgorithmName } from "../shared/algorithms.js";
import { assertBytes, assertText } from "../shared/content.js";
import { decodeUtf8, encodeUtf8 } from "../shared/utf8.js";
import { findDescriptor } from "./registry.js";

/**
 * A text wire for a connection that carries bytes: what it writes as base64 is written as it is. Nothing is compressed or
 * checked beyond that.
 * @throws {InputError} `M2M_USAGE` if there is no such algorithm, or the wire is no text
 * @throws {FormatError} if the opening or the base64 of the wire is malformed
 */
export function packWire(algorithm: AlgorithmName, wire: string): Uint8Array {
  assertText("A wire", wire);
  const { packWire: pack = encodeUtf8 } = findDescriptor(algorithm);
  return pack(wire);
}

/**
 * The text wire of a packed one. There is one for each.
 * @throws {InputError} `M2M_USAGE` if there is no such algorithm, or it is no Uint8Array
 * @throws {FormatError} if its opening is malformed or text is not UTF-8
 */
export function unpackWire(algorithm: AlgorithmName, packed: Uint8Array): string {
  assertBytes("A packed wire", packed);
  const { unpackWire: unpack = decodeUtf8 } = findDescriptor(algorithm);
  return unpack(packed);
}
