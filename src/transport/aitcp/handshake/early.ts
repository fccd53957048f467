import type { AiTcpCrypto } from "../crypto/index.js";
import { readRecord } from "../frames/index.js";
import { paddedLength } from "../protection/index.js";

const INFO = new TextEncoder().encode("AI-TCP/1 early");
/** Each key seals one text. */
const NONCE = new Uint8Array(12);

/** What early frames are sealed with: who has the responder's keys and not the ticket's can neither read nor make them. */
interface EarlyKey {
  /** Of the ticket, 32 bytes. */
  readonly ticketKey: Uint8Array;
  /** As it is before the payload of INITIATION is encrypted: it is another one in each handshake. */
  readonly handshakeHash: Uint8Array;
}

/** The parameter `early` (docs/spec/aitcp.md, "Early frames"). */
export function sealEarly(
  crypto: AiTcpCrypto,
  from: EarlyKey,
  frames: Uint8Array,
  isPadded: boolean,
): Uint8Array {
  const record = new Uint8Array(isPadded ? paddedLength(frames.length) : frames.length);
  record.set(frames);
  const key = earlyKey(crypto, from);
  const sealed = crypto.seal(key, NONCE, from.handshakeHash, record);
  key.fill(0);
  return sealed;
}

/**
 * The frames in the parameter `early`, without padding.
 * @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED`; {FormatError} `M2M_RECORD_INVALID`
 */
export function openEarly(crypto: AiTcpCrypto, from: EarlyKey, sealed: Uint8Array): Uint8Array {
  const key = earlyKey(crypto, from);
  try {
    const record = crypto.open(key, NONCE, from.handshakeHash, sealed);
    return Uint8Array.from(record.subarray(0, readRecord(record).turnBytes));
  } finally {
    key.fill(0);
  }
}

function earlyKey(crypto: AiTcpCrypto, { ticketKey, handshakeHash }: EarlyKey): Uint8Array {
  const info = new Uint8Array(INFO.length + handshakeHash.length);
  info.set(INFO);
  info.set(handshakeHash, INFO.length);
  return crypto.hkdfExpand(ticketKey, info, 32);
}
