import type { AiTcpCrypto } from "../crypto/index.js";

/** What a finished handshake gives (docs/spec/aitcp.md, "Secrets"). All but the session id is secret. */
export interface SessionSecrets {
  /** 32 bytes: of what the initiator sends. */
  readonly initiatorTraffic: Uint8Array;
  /** 32 bytes: of what the responder sends. */
  readonly responderTraffic: Uint8Array;
  /** 32 bytes: keys of tickets come from it. */
  readonly resumption: Uint8Array;
  /** 16 bytes: of the session that this handshake begins. */
  readonly sessionId: Uint8Array;
}

/**
 * The key schedule behind Noise's Split.
 * @param keys the two keys of Split, 32 bytes each; given up here
 */
export function deriveSecrets(
  crypto: AiTcpCrypto,
  keys: readonly [Uint8Array, Uint8Array],
  handshakeHash: Uint8Array,
): SessionSecrets {
  const joined = new Uint8Array(64);
  joined.set(keys[0]);
  joined.set(keys[1], 32);
  const master = crypto.hkdfExtract(handshakeHash, joined);
  const secrets = {
    initiatorTraffic: crypto.hkdfExpand(master, "AI-TCP/1 traffic i", 32),
    responderTraffic: crypto.hkdfExpand(master, "AI-TCP/1 traffic r", 32),
    resumption: crypto.hkdfExpand(master, "AI-TCP/1 resumption", 32),
    sessionId: crypto.hkdfExpand(master, "AI-TCP/1 session", 16),
  };
  for (const secret of [keys[0], keys[1], joined, master]) secret.fill(0);
  return secrets;
}
