import { IntegrityError } from "../shared/errors.js";

/** The refusal of a wire without security by a reader that has a key. */
export function unsecuredWire(what: string): IntegrityError {
  return new IntegrityError(
    "M2M_AUTHENTICATION_FAILED",
    `A key was given, but the ${what} is not secured: anyone could have written it.`,
    { hint: "Decompress it without a key if it needs no proof of origin." },
  );
}
