/** Who sends, and whom the signature is of. */
export type Role = "initiator" | "responder";

/** When what is sent is signed (docs/spec/aitcp.md, Turns and signatures). The index is the mode's number on the wire. */
export const SIGNATURE_MODES = ["none", "turn", "packet"] as const;
export type SignatureMode = (typeof SIGNATURE_MODES)[number];

/** The connection that turns belong to. */
export interface TurnScope {
  /** The final hash of the handshake, 32 bytes. */
  readonly handshakeHash: Uint8Array;
  /** Identities, 32 bytes each. */
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
}

/** SHA-256 over bytes that come one after the other. `createHash("sha256")` of node:crypto is one. */
export interface IncrementalHash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}
export type CreateHash = () => IncrementalHash;

/** The Ed25519 signature (64 bytes) of bytes, with the own identity. */
export type Sign = (bytes: Uint8Array) => Uint8Array;
/** Whether a signature of bytes is of an identity. */
export type Verify = (identity: Uint8Array, bytes: Uint8Array, signature: Uint8Array) => boolean;

export { KEY_BYTES as IDENTITY_BYTES, SIGNATURE_BYTES } from "../sizes.js";

/** The letter of a role in signed texts and transcripts. */
export function letterOf(role: Role): number {
  return role === "initiator" ? 0x69 : 0x72;
}

export function roleOf(letter: number): Role | undefined {
  return letter === 0x69 ? "initiator" : letter === 0x72 ? "responder" : undefined;
}
