import { lazily } from "./lazy.js";
import { tryNodeModule } from "./platform.js";

/** Remainders of the reflected polynomial 0xedb88320 (IEEE 802.3, RFC 1952 section 8), by byte. */
const remainders = lazily(() =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
    return remainder;
  }),
);

/** CRC-32 (IEEE 802.3) of `bytes`, by `node:zlib` where it is there. */
export function crc32(bytes: Uint8Array): number {
  const zlib = tryNodeModule("zlib");
  return typeof zlib?.crc32 === "function" ? zlib.crc32(bytes) : portableCrc32(bytes);
}

/** CRC-32 (IEEE 802.3) of `bytes` on any platform. */
export function portableCrc32(bytes: Uint8Array): number {
  const table = remainders();
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff];
  return ~crc >>> 0;
}
