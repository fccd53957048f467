import fc from "fast-check";
import {
  MAX_SEALED_BYTES,
  PACKET_KINDS,
  type DataPacket,
  type HandshakePacket,
  type Packet,
} from "../../../../src/transport/aitcp/packet/index.js";

/** `length` bytes that count up from `first`. */
export function counting(length: number, first: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => first + index);
}

export function dataPacket(contentBytes: number): DataPacket {
  return {
    kind: "data",
    epoch: 7,
    ephemeralKey: counting(32, 1),
    nonce: counting(12, 64),
    encryptedSequenceId: counting(8, 80),
    signature: counting(64, 96),
    encryptedPayload: counting(contentBytes, 160),
  };
}

/** A packet of each kind, INITIATION with and without a cookie. */
export function onePacketOfEach(): Packet[] {
  const ephemeralKey = counting(32, 1);
  const none = new Uint8Array(0);
  const handshake = (fields: Partial<HandshakePacket>): HandshakePacket => ({
    kind: "initiation",
    pattern: 1,
    ephemeralKey,
    encryptedPayload: none,
    ...fields,
  });
  return [
    handshake({ encryptedPayload: counting(50, 160) }),
    handshake({ pattern: 2, encryptedPayload: counting(96, 160), payload: counting(16, 32) }),
    handshake({ kind: "response", encryptedPayload: counting(97, 160) }),
    handshake({ kind: "finish", encryptedPayload: counting(64, 160) }),
    handshake({ kind: "cookie", payload: counting(16, 32) }),
    handshake({ kind: "refusal", payload: Uint8Array.of(3) }),
    dataPacket(41),
  ];
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** Any packet. */
export const anyPacket: fc.Arbitrary<Packet> = fc.oneof(
  fc.record({
    kind: fc.constant("data" as const),
    epoch: fc.integer({ min: 0, max: 255 }),
    ephemeralKey: bytes(32),
    nonce: bytes(12),
    encryptedSequenceId: bytes(8),
    signature: bytes(64),
    encryptedPayload: fc.oneof(
      fc.uint8Array({ minLength: 16, maxLength: 400 }),
      fc.integer({ min: MAX_SEALED_BYTES - 5, max: MAX_SEALED_BYTES }).map((length) => counting(length, 0)),
    ),
  }),
  fc
    .record({
      kind: fc.constantFrom(
        ...(Object.keys(PACKET_KINDS) as (keyof typeof PACKET_KINDS)[]).filter((kind) => kind !== "data"),
      ),
      pattern: fc.integer({ min: 0, max: 255 }),
      ephemeralKey: bytes(32),
      encryptedPayload: fc.uint8Array({ maxLength: 300 }),
      cookie: fc.option(bytes(16), { nil: undefined }),
      code: bytes(1),
    })
    .map(({ kind, pattern, ephemeralKey, encryptedPayload, cookie, code }): Packet => {
      const isControl = kind === "cookie" || kind === "refusal";
      const payload = kind === "refusal" ? code : kind === "cookie" ? (cookie ?? counting(16, 9)) : cookie;
      return {
        kind,
        pattern: kind === "finish" ? 1 : pattern,
        ephemeralKey,
        encryptedPayload: isControl ? new Uint8Array(0) : encryptedPayload,
        ...((isControl || kind === "initiation") && payload && { payload }),
      };
    }),
);
