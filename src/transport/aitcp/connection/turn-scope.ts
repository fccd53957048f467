import type { Established } from "../handshake/index.js";
import type { Identity } from "../identity/index.js";
import type { TurnScope } from "../turn/index.js";

/** Whom the signatures of a connection are bound to. */
export function scopeOf({ handshakeHash, peer, role }: Established, identity: Identity): TurnScope {
  const [initiator, responder] =
    role === "initiator" ? [identity.publicKey, peer.identity] : [peer.identity, identity.publicKey];
  return { handshakeHash, initiator, responder };
}
