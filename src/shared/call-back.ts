import { InputError } from "./errors.js";

/**
 * Calls a function that a caller has passed as an option.
 * @param name of the option
 * @throws {InputError} `M2M_USAGE` with what it throws as cause: the mistake is not one of a peer or a connection
 */
export function callBack(name: string, call: () => void): void {
  try {
    call();
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new InputError("M2M_USAGE", `${name} has thrown an error: ${said}`, { cause });
  }
}
