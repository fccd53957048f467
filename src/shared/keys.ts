import { isBytes } from "./content.js";
import { InputError } from "./errors.js";

/** Length of every key in bytes. */
export const KEY_BYTES = 32;

/**
 * What is no key must not pass for one, nor for none at all: whoever gives one wants to be secured by it. `undefined` is none.
 * @throws {InputError} `M2M_KEY_INVALID` unless `key` is `undefined` or 32 bytes
 */
export function assertKey(key: unknown): asserts key is Uint8Array | undefined {
  if (key === undefined) return;
  if (!isBytes(key)) throw noKey("A key");
  if (key.length === KEY_BYTES) return;
  throw new InputError("M2M_KEY_INVALID", `A key has ${KEY_BYTES} bytes; this one has ${key.length}.`);
}

/** The value is not shown: it may be a key all the same. */
export function noKey(what: string): InputError {
  return new InputError("M2M_KEY_INVALID", `${what} is a Uint8Array of ${KEY_BYTES} bytes.`, {
    hint: "parseKey reads one that is written as text.",
  });
}
