import { UnsupportedError } from "../shared/errors.js";

/** `size` unpredictable bytes. */
export type RandomBytes = (size: number) => Uint8Array;

const ID_BYTES = 16;

/** The platform's source of randomness. @throws {UnsupportedError} `M2M_PLATFORM_UNSUPPORTED` */
export function platformRandomBytes(size: number): Uint8Array {
  if (typeof globalThis.crypto?.getRandomValues !== "function") {
    throw new UnsupportedError(
      "M2M_PLATFORM_UNSUPPORTED",
      "A session needs crypto.getRandomValues, which this platform lacks.",
      { hint: "Pass randomBytes." },
    );
  }
  return globalThis.crypto.getRandomValues(new Uint8Array(size));
}

/**
 * A new id: 128 random bits, spelled like a UUID. No bit is spent on a UUID's version, so nothing may be read from it.
 */
export function formatId(random: RandomBytes): string {
  const hex = Array.from(random(ID_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
