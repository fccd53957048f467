import { isLoopbackHost } from "../http/index.js";
import type { ServiceNotes } from "./service-notes.js";
import { printable } from "./terminal.js";

/**
 * Warns of an address that others reach where nobody has to show a token.
 * @param variable in which a token can be given
 */
export function warnOfOpenHost(
  notes: ServiceNotes,
  host: string,
  token: string | undefined,
  variable: string,
): void {
  if (isLoopbackHost(host) || token !== undefined) return;
  notes.warn(
    `${printable(host)} can be reached by other machines, and nobody has to show a token.\n` +
      `  Set ${variable}, or listen on 127.0.0.1.`,
  );
}
