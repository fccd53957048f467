import { nodeCrypto } from "../../../src/transport/aitcp/crypto/index.js";
import { identityFromSeed, TrustPolicy } from "../../../src/transport/aitcp/identity/index.js";

/** Both ends of the benchmark know each other. */
export const crypto = nodeCrypto();
export const clientIdentity = identityFromSeed(crypto, new Uint8Array(32).fill(1));
export const serverIdentity = identityFromSeed(crypto, new Uint8Array(32).fill(2));
export const clientTrust = new TrustPolicy({ crypto, pinned: [serverIdentity.publicKey] });
export const serverTrust = new TrustPolicy({ crypto, pinned: [clientIdentity.publicKey] });

/** No limit of a server counts here. */
export const NO_LIMITS = {
  maxConnections: 1e6,
  maxSessions: 1e6,
  maxSessionsPerPeer: 1e6,
  cookiesFrom: 1e6,
  maxHandshakes: 1e6,
  connectionRate: { capacity: 1e9, refillPerSecond: 1e9 },
};
