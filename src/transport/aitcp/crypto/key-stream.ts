import { assertKeyAndCounter } from "./aead-arguments.js";

/** ChaCha20's stream from one counter on, which does not pass the last counter. */
type KeyStream = (key: Uint8Array, counterAndNonce: Uint8Array, length: number) => Uint8Array<ArrayBuffer>;

const BLOCK_BYTES = 64;
const COUNTERS = 2 ** 32;

/**
 * ChaCha20's stream whose counter goes from its last value to 0 and leaves the nonce alone. RFC 8439 does not say what comes
 * then: OpenSSL adds 1 to the nonce, and libsodium ends the process. In AI-TCP the counter is the peer's to choose.
 */
export function wrappingMask(stream: KeyStream): KeyStream {
  return (key, counterAndNonce, length) => {
    assertKeyAndCounter(key, counterAndNonce);
    const counter = readCounter(counterAndNonce);
    const lengthToEnd = (COUNTERS - counter) * BLOCK_BYTES;
    if (length <= lengthToEnd) return stream(key, counterAndNonce, length);
    const atZero = Uint8Array.from(counterAndNonce).fill(0, 0, 4);
    const mask = new Uint8Array(length);
    mask.set(stream(key, counterAndNonce, lengthToEnd));
    mask.set(stream(key, atZero, length - lengthToEnd), lengthToEnd);
    return mask;
  };
}

/** The first 4 bytes, little-endian. */
export function readCounter(counterAndNonce: Uint8Array): number {
  const [a, b, c, d] = counterAndNonce;
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
