import { assertKeyAndCounter } from "./aead-arguments.js";

const BLOCK_BYTES = 64;
/** "expand 32-byte k" (RFC 8439, 2.3). */
const C0 = 0x61707865;
const C1 = 0x3320646e;
const C2 = 0x79622d32;
const C3 = 0x6b206574;
const DOUBLE_ROUNDS = 10;

/**
 * The first bytes of ChaCha20's key stream (RFC 8439, 2.4), written out in TypeScript: for the two blocks of a packet's mask a cipher object
 * of OpenSSL takes four times as long. After the counter 2^32 - 1 comes 0 with the same nonce: RFC 8439 does not say what, OpenSSL adds 1
 * to the nonce, and libsodium ends the process. In AI-TCP the counter is the peer's to choose.
 * @param target gets them, at its front; default: new memory
 */
export function chacha20Mask(
  key: Uint8Array,
  counterAndNonce: Uint8Array,
  length: number,
  target = new Uint8Array(length),
): Uint8Array<ArrayBuffer> {
  assertKeyAndCounter(key, counterAndNonce);
  const counter = wordAt(counterAndNonce, 0);
  for (let at = 0, block = 0; at < length; at += BLOCK_BYTES, block++) {
    writeBlock(key, (counter + block) | 0, counterAndNonce, target, at, Math.min(length, at + BLOCK_BYTES));
  }
  return target;
}

/** The block of `counter`, of which there are written the bytes from `start` to `end`. */
function writeBlock(
  key: Uint8Array,
  counter: number,
  counterAndNonce: Uint8Array,
  target: Uint8Array,
  start: number,
  end: number,
): void {
  const k0 = wordAt(key, 0);
  const k1 = wordAt(key, 4);
  const k2 = wordAt(key, 8);
  const k3 = wordAt(key, 12);
  const k4 = wordAt(key, 16);
  const k5 = wordAt(key, 20);
  const k6 = wordAt(key, 24);
  const k7 = wordAt(key, 28);
  const n0 = wordAt(counterAndNonce, 4);
  const n1 = wordAt(counterAndNonce, 8);
  const n2 = wordAt(counterAndNonce, 12);
  // Each in a variable of its own: a compiler keeps them in registers, as it does no array.
  let x0 = C0;
  let x1 = C1;
  let x2 = C2;
  let x3 = C3;
  let x4 = k0;
  let x5 = k1;
  let x6 = k2;
  let x7 = k3;
  let x8 = k4;
  let x9 = k5;
  let x10 = k6;
  let x11 = k7;
  let x12 = counter;
  let x13 = n0;
  let x14 = n1;
  let x15 = n2;
  for (let round = 0; round < DOUBLE_ROUNDS; round++) {
    x0 = (x0 + x4) | 0;
    x12 = rotate(x12 ^ x0, 16);
    x8 = (x8 + x12) | 0;
    x4 = rotate(x4 ^ x8, 12);
    x0 = (x0 + x4) | 0;
    x12 = rotate(x12 ^ x0, 8);
    x8 = (x8 + x12) | 0;
    x4 = rotate(x4 ^ x8, 7);
    x1 = (x1 + x5) | 0;
    x13 = rotate(x13 ^ x1, 16);
    x9 = (x9 + x13) | 0;
    x5 = rotate(x5 ^ x9, 12);
    x1 = (x1 + x5) | 0;
    x13 = rotate(x13 ^ x1, 8);
    x9 = (x9 + x13) | 0;
    x5 = rotate(x5 ^ x9, 7);
    x2 = (x2 + x6) | 0;
    x14 = rotate(x14 ^ x2, 16);
    x10 = (x10 + x14) | 0;
    x6 = rotate(x6 ^ x10, 12);
    x2 = (x2 + x6) | 0;
    x14 = rotate(x14 ^ x2, 8);
    x10 = (x10 + x14) | 0;
    x6 = rotate(x6 ^ x10, 7);
    x3 = (x3 + x7) | 0;
    x15 = rotate(x15 ^ x3, 16);
    x11 = (x11 + x15) | 0;
    x7 = rotate(x7 ^ x11, 12);
    x3 = (x3 + x7) | 0;
    x15 = rotate(x15 ^ x3, 8);
    x11 = (x11 + x15) | 0;
    x7 = rotate(x7 ^ x11, 7);
    x0 = (x0 + x5) | 0;
    x15 = rotate(x15 ^ x0, 16);
    x10 = (x10 + x15) | 0;
    x5 = rotate(x5 ^ x10, 12);
    x0 = (x0 + x5) | 0;
    x15 = rotate(x15 ^ x0, 8);
    x10 = (x10 + x15) | 0;
    x5 = rotate(x5 ^ x10, 7);
    x1 = (x1 + x6) | 0;
    x12 = rotate(x12 ^ x1, 16);
    x11 = (x11 + x12) | 0;
    x6 = rotate(x6 ^ x11, 12);
    x1 = (x1 + x6) | 0;
    x12 = rotate(x12 ^ x1, 8);
    x11 = (x11 + x12) | 0;
    x6 = rotate(x6 ^ x11, 7);
    x2 = (x2 + x7) | 0;
    x13 = rotate(x13 ^ x2, 16);
    x8 = (x8 + x13) | 0;
    x7 = rotate(x7 ^ x8, 12);
    x2 = (x2 + x7) | 0;
    x13 = rotate(x13 ^ x2, 8);
    x8 = (x8 + x13) | 0;
    x7 = rotate(x7 ^ x8, 7);
    x3 = (x3 + x4) | 0;
    x14 = rotate(x14 ^ x3, 16);
    x9 = (x9 + x14) | 0;
    x4 = rotate(x4 ^ x9, 12);
    x3 = (x3 + x4) | 0;
    x14 = rotate(x14 ^ x3, 8);
    x9 = (x9 + x14) | 0;
    x4 = rotate(x4 ^ x9, 7);
  }
  putWord(target, start, end, (x0 + C0) | 0);
  putWord(target, start + 4, end, (x1 + C1) | 0);
  putWord(target, start + 8, end, (x2 + C2) | 0);
  putWord(target, start + 12, end, (x3 + C3) | 0);
  putWord(target, start + 16, end, (x4 + k0) | 0);
  putWord(target, start + 20, end, (x5 + k1) | 0);
  putWord(target, start + 24, end, (x6 + k2) | 0);
  putWord(target, start + 28, end, (x7 + k3) | 0);
  putWord(target, start + 32, end, (x8 + k4) | 0);
  putWord(target, start + 36, end, (x9 + k5) | 0);
  putWord(target, start + 40, end, (x10 + k6) | 0);
  putWord(target, start + 44, end, (x11 + k7) | 0);
  putWord(target, start + 48, end, (x12 + counter) | 0);
  putWord(target, start + 52, end, (x13 + n0) | 0);
  putWord(target, start + 56, end, (x14 + n1) | 0);
  putWord(target, start + 60, end, (x15 + n2) | 0);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

/** Little-endian; what is from `end` on is not written. */
function putWord(target: Uint8Array, at: number, end: number, word: number): void {
  if (at + 4 <= end) {
    target[at] = word;
    target[at + 1] = word >>> 8;
    target[at + 2] = word >>> 16;
    target[at + 3] = word >>> 24;
    return;
  }
  for (; at < end; at++) {
    target[at] = word;
    word >>>= 8;
  }
}
