import { IntegrityError } from "../../../shared/errors.js";
import type { AiTcpCrypto } from "../crypto/index.js";
import type { Identity } from "../identity/index.js";
import { handshakeInvalid } from "./parameters.js";

export type Role = "initiator" | "responder";

const IDENTITY_BYTES = 32;
const PROOF_BYTES = 64;
const CONTEXT = new TextEncoder().encode("AI-TCP/1 identity\0");

/** The parameter `identity`: who the sender is, bound to its static key and to this handshake. */
export function writeIdentityProof(identity: Identity, role: Role, handshakeHash: Uint8Array): Uint8Array {
  const value = new Uint8Array(IDENTITY_BYTES + PROOF_BYTES);
  value.set(identity.publicKey);
  value.set(identity.sign(provenText(role, identity.staticPair.publicKey, handshakeHash)), IDENTITY_BYTES);
  return value;
}

/**
 * The identity that is proven.
 * @param staticKey of the peer, as the handshake has authenticated it
 * @param handshakeHash as it was before the payload was decrypted
 * @throws {FormatError} `M2M_HANDSHAKE_INVALID`
 * @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED`
 */
export function readIdentityProof(
  crypto: AiTcpCrypto,
  value: Uint8Array,
  role: Role,
  staticKey: Uint8Array,
  handshakeHash: Uint8Array,
): Uint8Array {
  if (value.length !== IDENTITY_BYTES + PROOF_BYTES) {
    throw handshakeInvalid("The parameter identity is not of its length.");
  }
  const identity = Uint8Array.from(value.subarray(0, IDENTITY_BYTES));
  const proof = value.subarray(IDENTITY_BYTES);
  if (!crypto.verify(identity, provenText(role, staticKey, handshakeHash), proof)) {
    throw new IntegrityError(
      "M2M_AUTHENTICATION_FAILED",
      "The peer does not prove the identity that it names.",
    );
  }
  return identity;
}

function provenText(role: Role, staticKey: Uint8Array, handshakeHash: Uint8Array): Uint8Array {
  const text = new Uint8Array(CONTEXT.length + 1 + staticKey.length + handshakeHash.length);
  text.set(CONTEXT);
  text[CONTEXT.length] = role === "initiator" ? 0x69 : 0x72;
  text.set(staticKey, CONTEXT.length + 1);
  text.set(handshakeHash, CONTEXT.length + 1 + staticKey.length);
  return text;
}
