import { InputError } from "../shared/errors.js";

/**
 * The token that clients must show, if there is one. An empty one would let in whoever sends none, and one with other characters nobody: it
 * could not stand in a header.
 * @throws {InputError} `M2M_USAGE`
 */
export function checkedToken(token: string | undefined): string | undefined {
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  throw new InputError("M2M_USAGE", "A token is one or more visible ASCII characters without blanks.");
}
