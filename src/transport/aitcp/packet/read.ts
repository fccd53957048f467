import { UnsupportedError } from "../../../shared/errors.js";
import { invalidPacket, truncatedPacket } from "./failures.js";
import {
  aligned,
  DATA_PREFIX_BYTES,
  EPHEMERAL_KEY_BYTES,
  EPHEMERAL_KEY_OFFSET,
  FIXED_LENGTHS,
  HEADER_BYTES,
  HEADER_OFFSET,
  LAST_LENGTH_OFFSET,
  MAX_SIZE_FIELD,
  NONCE_BYTES,
  NONCE_OFFSET,
  PACKET_VERSION,
  PAYLOAD_SHIFT,
  PAYLOAD_SLOT_OFFSET,
  SEQUENCE_BYTES,
  SEQUENCE_OFFSET,
  SIGNATURE_BYTES,
  SIGNATURE_OFFSET,
  SIZE_PREFIX_BYTES,
  STRUCTURE_OFFSET,
  structureWords,
  TAG_BYTES,
  VERSION_OFFSET,
} from "./layout.js";
import { CONTROL_BYTES, kindOf, type Packet, type PacketKind } from "./packet.js";

/** What a packet is and where the parts are that differ from packet to packet. */
export interface PacketShape {
  readonly kind: PacketKind;
  /** Pattern of a handshake packet, epoch modulo 256 of a DATA packet. */
  readonly variant: number;
  /** How much later than the offsets of `layout.ts` the vectors stand. */
  readonly shift: number;
  readonly payloadLength: number;
  /** Of the content of `encrypted_payload`. */
  readonly contentOffset: number;
  readonly contentLength: number;
}

/**
 * Reads a packet, whose parts are views of `bytes`.
 * @param bytes the packet with its size prefix, and nothing else
 * @throws as `checkPacket`
 */
export function readPacket(bytes: Uint8Array): Packet {
  const shape = checkPacket(bytes);
  const { kind, variant, shift, payloadLength, contentOffset, contentLength } = shape;
  const part = (offset: number, length: number): Uint8Array =>
    bytes.subarray(offset + shift, offset + shift + length);
  const ephemeralKey = part(EPHEMERAL_KEY_OFFSET, EPHEMERAL_KEY_BYTES);
  const encryptedPayload = bytes.subarray(contentOffset, contentOffset + contentLength);
  if (kind === "data") {
    return {
      kind,
      epoch: variant,
      ephemeralKey,
      nonce: part(NONCE_OFFSET, NONCE_BYTES),
      encryptedSequenceId: part(SEQUENCE_OFFSET, SEQUENCE_BYTES),
      signature: part(SIGNATURE_OFFSET, SIGNATURE_BYTES),
      encryptedPayload,
    };
  }
  const payload = payloadLength === 0 ? undefined : part(LAST_LENGTH_OFFSET + 4, payloadLength);
  return { kind, pattern: variant, ephemeralKey, encryptedPayload, ...(payload && { payload }) };
}

/**
 * Checks that `bytes` are a packet in the one form it has (docs/spec/aitcp.md, Layout): every byte is either part of a value or
 * what it has to be.
 * @throws {FormatError} `M2M_PACKET_INVALID`, `M2M_PACKET_TRUNCATED`, with the offset
 * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED` if it differs in `version`
 */
export function checkPacket(bytes: Uint8Array): PacketShape {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  checkSize(view);
  const shift = view.getUint16(PAYLOAD_SLOT_OFFSET, true) === 0 ? 0 : PAYLOAD_SHIFT;
  const lastLength = LAST_LENGTH_OFFSET + shift;
  // A payload is at most 16 bytes long, so the sum stays small whatever stands there.
  const payloadLength = shift === 0 ? 0 : checkedPayloadLength(view, lastLength);
  const contentOffset = shift === 0 ? DATA_PREFIX_BYTES : lastLength + 8 + aligned(payloadLength);
  if (contentOffset > bytes.length) throw invalidPacket(0, "The packet is too short for its payload.");

  checkStructure(view, payloadLength, shift);
  const contentLength = view.getUint32(contentOffset - 4, true);
  if (aligned(contentLength) !== bytes.length - contentOffset) {
    throw invalidPacket(contentOffset - 4, `The encrypted_payload has no ${contentLength} bytes.`);
  }
  if (shift > 0) checkZeros(bytes, lastLength + 4 + payloadLength, contentOffset - 4, "Padding");
  checkZeros(bytes, contentOffset + contentLength, bytes.length, "Padding");
  const { kind, variant } = checkHeader(bytes, HEADER_OFFSET + shift);
  checkKind(bytes, kind, variant, { shift, payloadLength, contentOffset, contentLength });
  return { kind, variant, shift, payloadLength, contentOffset, contentLength };
}

/** The size prefix says how many bytes follow: a multiple of 4, as many as a packet needs, and as many as there are. */
function checkSize(view: DataView): void {
  const have = view.byteLength;
  if (have < SIZE_PREFIX_BYTES) throw truncatedPacket(have, DATA_PREFIX_BYTES);
  const size = view.getUint32(0, true);
  checkSizeField(size);
  if (have < size + SIZE_PREFIX_BYTES) throw truncatedPacket(have, size + SIZE_PREFIX_BYTES);
  if (have > size + SIZE_PREFIX_BYTES) {
    throw invalidPacket(size + SIZE_PREFIX_BYTES, "Bytes stand behind the end of the packet.");
  }
}

/** @throws {FormatError} `M2M_PACKET_INVALID` if no packet has the size `size` in its prefix */
export function checkSizeField(size: number): void {
  if (size <= MAX_SIZE_FIELD && size >= DATA_PREFIX_BYTES - SIZE_PREFIX_BYTES && size % 4 === 0) return;
  throw invalidPacket(
    0,
    `A packet has ${DATA_PREFIX_BYTES - SIZE_PREFIX_BYTES} to ${MAX_SIZE_FIELD} bytes, a multiple of 4, and not ${size}.`,
  );
}

function checkedPayloadLength(view: DataView, offset: number): number {
  if (offset + 4 > view.byteLength) throw invalidPacket(0, "The packet is too short for a payload.");
  const length = view.getUint32(offset, true);
  if (length === 1 || length === 16) return length;
  throw invalidPacket(offset, `The payload has ${length} bytes instead of 1 or 16.`);
}

function checkStructure(view: DataView, payloadLength: number, shift: number): void {
  const words = structureWords(payloadLength);
  for (let index = 0; index < words.length; index++) {
    const offset = STRUCTURE_OFFSET + 4 * index;
    if (view.getUint32(offset, true) === words[index]) continue;
    if (offset === VERSION_OFFSET && view.getUint8(offset) !== PACKET_VERSION) {
      const version = view.getUint8(offset);
      throw new UnsupportedError("M2M_VERSION_UNSUPPORTED", `The packet has version ${version}, not 1.`);
    }
    throw invalidPacket(offset, "The packet is not in the form that packets have.");
  }
  for (const [offset, length] of FIXED_LENGTHS) {
    const found = view.getUint32(offset + shift, true);
    if (found !== length) {
      throw invalidPacket(offset + shift, `A field of ${length} bytes has ${found}.`);
    }
  }
}

function checkHeader(bytes: Uint8Array, offset: number): { kind: PacketKind; variant: number } {
  const kind = kindOf(bytes[offset]);
  if (kind === undefined) throw invalidPacket(offset, `There are no packets of kind ${bytes[offset]}.`);
  checkZeros(bytes, offset + 2, offset + HEADER_BYTES, "A reserved byte of the header");
  return { kind, variant: bytes[offset + 1] };
}

/** What a kind has and has not. */
function checkKind(
  bytes: Uint8Array,
  kind: PacketKind,
  variant: number,
  shape: Pick<PacketShape, "shift" | "payloadLength" | "contentOffset" | "contentLength">,
): void {
  const { shift, payloadLength, contentOffset, contentLength } = shape;
  if (!CONTROL_BYTES[kind].includes(payloadLength)) {
    const offset = shift > 0 ? LAST_LENGTH_OFFSET + shift : PAYLOAD_SLOT_OFFSET;
    throw invalidPacket(offset, `A packet ${kind} has no payload of ${payloadLength} bytes.`);
  }
  if (kind === "data") {
    if (contentLength >= TAG_BYTES) return;
    throw invalidPacket(contentOffset - 4, `A sealed record has ${TAG_BYTES} bytes or more.`);
  }
  for (const [offset, length] of [
    [NONCE_OFFSET, NONCE_BYTES],
    [SEQUENCE_OFFSET, SEQUENCE_BYTES],
    [SIGNATURE_OFFSET, SIGNATURE_BYTES],
  ]) {
    checkZeros(bytes, offset + shift, offset + shift + length, `A field of ${kind} that only DATA has`);
  }
  if ((kind === "cookie" || kind === "refusal") && contentLength > 0) {
    throw invalidPacket(contentOffset, `A packet ${kind} has no encrypted_payload.`);
  }
  if (kind === "finish" && variant !== 1) {
    throw invalidPacket(HEADER_OFFSET + 1, `There is no FINISH in pattern ${variant}.`);
  }
}

function checkZeros(bytes: Uint8Array, start: number, end: number, what: string): void {
  for (let at = start; at < end; at++) {
    if (bytes[at] !== 0) throw invalidPacket(at, `${what} is not zero.`);
  }
}
