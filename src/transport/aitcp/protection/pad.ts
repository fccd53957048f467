import { MAX_RECORD_BYTES } from "../packet/index.js";

/** Shorter records are all as long as this. */
const MIN_PADDED_BYTES = 256;

/**
 * Length that a record of `length` bytes is brought to, so that lengths say little: at least 256, then by Padmé (Nikitin et al. 2019, "Reducing
 * Metadata Leakage from Encrypted Files and Communication with PURBs", 4.1), which adds at most 12 %. Never over the longest record.
 */
export function paddedLength(length: number): number {
  if (length <= MIN_PADDED_BYTES) return MIN_PADDED_BYTES;
  const exponent = 31 - Math.clz32(length);
  const sizeOfExponent = 32 - Math.clz32(exponent);
  const low = 2 ** (exponent - sizeOfExponent) - 1;
  return Math.min((length + low) & ~low, Math.max(length, MAX_RECORD_BYTES));
}
