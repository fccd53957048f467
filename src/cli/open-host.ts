import { isLoopbackHost } from "../http/index.js";
import { writeStderr } from "./stdio.js";
import { printable } from "./terminal.js";

/**
 * Warns of an address that others reach where nobody has to show a token. It is no note: --quiet does not silence it.
 * @param variable in which a token can be given
 */
export function warnOfOpenHost(host: string, token: string | undefined, variable: string): void {
  if (isLoopbackHost(host) || token !== undefined) return;
  writeStderr(
    `m2m: WARNING: ${printable(host)} can be reached by other machines, and nobody has to show a token.\n` +
      `  Set ${variable}, or listen on 127.0.0.1.\n`,
  );
}
