/** What a packet is for: the first byte of its header (docs/spec/aitcp.md, Packets). */
export const PACKET_KINDS = {
  initiation: 1,
  response: 2,
  finish: 3,
  cookie: 4,
  data: 5,
  refusal: 6,
} as const;
export type PacketKind = keyof typeof PACKET_KINDS;

interface CommonFields {
  /** The sender's ephemeral public key, 32 bytes. */
  readonly ephemeralKey: Uint8Array;
  /** What stands in `encrypted_payload`: a sealed record with its tag, or a Noise message without its leading key. */
  readonly encryptedPayload: Uint8Array;
}

/** A packet before there are keys. `nonce`, `encrypted_sequence_id` and `signature` are zero in it. */
export interface HandshakePacket extends CommonFields {
  readonly kind: Exclude<PacketKind, "data">;
  /** Number of the handshake pattern, 0 to 255: whether there is such a pattern is for the handshake to say. */
  readonly pattern: number;
  /** The cookie (16 bytes) of INITIATION, if there is one, and of COOKIE; the code (1 byte) of REFUSAL; else absent. */
  readonly payload?: Uint8Array;
}

/** A packet with a sealed record. */
export interface DataPacket extends CommonFields {
  readonly kind: "data";
  /** Modulo 256. */
  readonly epoch: number;
  /** 12 bytes, masked. */
  readonly nonce: Uint8Array;
  /** 8 bytes, masked. */
  readonly encryptedSequenceId: Uint8Array;
  /** 64 bytes, masked. */
  readonly signature: Uint8Array;
}

export type Packet = HandshakePacket | DataPacket;

/** Bytes of `payload` that a kind may have. */
export const CONTROL_BYTES: Readonly<Record<PacketKind, readonly number[]>> = {
  initiation: [0, 16],
  response: [0],
  finish: [0],
  cookie: [16],
  data: [0],
  refusal: [1],
};

/** Kinds by number, the inverse of `PACKET_KINDS`. `undefined`: there is none. */
export function kindOf(code: number): PacketKind | undefined {
  return KIND_NAMES[code];
}

const KIND_NAMES: readonly (PacketKind | undefined)[] = [
  undefined,
  "initiation",
  "response",
  "finish",
  "cookie",
  "data",
  "refusal",
];
