import type { SessionSecrets } from "./secrets.js";
import type { AiTcpAgreement } from "./settings.js";
import type { Role } from "./identity-proof.js";

/** Who the other side is. */
export interface AiTcpPeer {
  /** Its Ed25519 public key, 32 bytes. */
  readonly identity: Uint8Array;
  /** Its static X25519 public key, 32 bytes. */
  readonly staticKey: Uint8Array;
}

/** The peer of both keys, which are copied: into one piece of memory, since each costs a session more than the bytes in it. */
export function peerOf(identity: Uint8Array, staticKey: Uint8Array): AiTcpPeer {
  const keys = new Uint8Array(identity.length + staticKey.length);
  keys.set(identity);
  keys.set(staticKey, identity.length);
  return { identity: keys.subarray(0, identity.length), staticKey: keys.subarray(identity.length) };
}

/** What a finished handshake has established. */
export interface Established {
  readonly role: Role;
  readonly peer: AiTcpPeer;
  /** What the peer has shown of an organisation, here or when the session began. */
  readonly certificate?: Uint8Array;
  readonly agreed: AiTcpAgreement;
  /** 32 bytes; names the connection to both sides and to third parties. */
  readonly handshakeHash: Uint8Array;
  readonly secrets: SessionSecrets;
  readonly localEphemeral: Uint8Array;
  readonly peerEphemeral: Uint8Array;
  /** Of the session that goes on; absent if a new one begins. 16 bytes. */
  readonly resumedId?: Uint8Array;
  /** Responder: the ticket that is used up once the initiator has confirmed. */
  readonly ticketId?: Uint8Array;
  /** Frames that came with a ticket, if they are taken: they begin the initiator's first turn, and are there before it has confirmed. */
  readonly early?: Uint8Array;
}
