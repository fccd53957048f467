import { LimitError, InputError } from "../../../shared/errors.js";
import {
  aligned,
  DATA_PREFIX_BYTES,
  EPHEMERAL_KEY_BYTES,
  EPHEMERAL_KEY_OFFSET,
  FIXED_LENGTHS,
  HEADER_OFFSET,
  LAST_LENGTH_OFFSET,
  MAX_PACKET_BYTES,
  NONCE_BYTES,
  NONCE_OFFSET,
  PAYLOAD_SHIFT,
  SEQUENCE_BYTES,
  SEQUENCE_OFFSET,
  SIGNATURE_BYTES,
  SIGNATURE_OFFSET,
  SIZE_PREFIX_BYTES,
  STRUCTURE_OFFSET,
  structureWords,
} from "./layout.js";
import { CONTROL_BYTES, PACKET_KINDS, type Packet } from "./packet.js";

/**
 * The bytes of `packet` in the one form it has (docs/spec/aitcp.md, Layout), its size prefix included.
 * @throws {LimitError} `M2M_PAYLOAD_TOO_LARGE` if it would be longer than a packet may be
 * @throws {InputError} `M2M_USAGE` if a field has a length that it cannot have
 */
export function writePacket(packet: Packet): Uint8Array {
  const payload = packet.kind === "data" ? undefined : packet.payload;
  const payloadLength = payload?.length ?? 0;
  if (!CONTROL_BYTES[packet.kind].includes(payloadLength)) {
    throw new InputError("M2M_USAGE", `A packet ${packet.kind} has no payload of ${payloadLength} bytes.`);
  }
  const shift = payloadLength > 0 ? PAYLOAD_SHIFT : 0;
  const contentOffset = DATA_PREFIX_BYTES + shift + (shift > 0 ? 4 + aligned(payloadLength) : 0);
  const bytes = new Uint8Array(packetBytes(contentOffset, packet.encryptedPayload.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - SIZE_PREFIX_BYTES, true);
  structureWords(payloadLength).forEach((word, index) =>
    view.setUint32(STRUCTURE_OFFSET + 4 * index, word, true),
  );
  for (const [offset, length] of FIXED_LENGTHS) view.setUint32(offset + shift, length, true);

  setExactly(bytes, EPHEMERAL_KEY_OFFSET + shift, packet.ephemeralKey, EPHEMERAL_KEY_BYTES);
  bytes[HEADER_OFFSET + shift] = PACKET_KINDS[packet.kind];
  if (packet.kind === "data") {
    setExactly(bytes, NONCE_OFFSET, packet.nonce, NONCE_BYTES);
    setExactly(bytes, SEQUENCE_OFFSET, packet.encryptedSequenceId, SEQUENCE_BYTES);
    setExactly(bytes, SIGNATURE_OFFSET, packet.signature, SIGNATURE_BYTES);
    bytes[HEADER_OFFSET + 1] = packet.epoch;
  } else {
    bytes[HEADER_OFFSET + shift + 1] = packet.pattern;
  }
  if (payload !== undefined && payloadLength > 0) {
    view.setUint32(LAST_LENGTH_OFFSET + shift, payloadLength, true);
    bytes.set(payload, LAST_LENGTH_OFFSET + shift + 4);
  }
  view.setUint32(contentOffset - 4, packet.encryptedPayload.length, true);
  bytes.set(packet.encryptedPayload, contentOffset);
  return bytes;
}

/**
 * Bytes of a packet whose `encrypted_payload` begins at `contentOffset` and is `length` bytes long.
 * @throws {LimitError} `M2M_PAYLOAD_TOO_LARGE`
 */
export function packetBytes(contentOffset: number, length: number): number {
  const size = aligned(contentOffset + length);
  if (size <= MAX_PACKET_BYTES) return size;
  throw new LimitError(
    "M2M_PAYLOAD_TOO_LARGE",
    `A packet of ${size} bytes passes the limit of ${MAX_PACKET_BYTES}.`,
  );
}

function setExactly(target: Uint8Array, offset: number, source: Uint8Array, length: number): void {
  if (source.length !== length) {
    throw new InputError("M2M_USAGE", `A field of ${length} bytes was given ${source.length}.`);
  }
  target.set(source, offset);
}
