import { InputError } from "../../shared/errors.js";

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  EADDRINUSE: ["the port is in use", "Stop what uses it, or choose another one; 0 picks a free one."],
  EACCES: ["permission is missing", "Ports below 1024 need rights; choose one above."],
  EADDRNOTAVAIL: ["the address is not of this machine", "Use 127.0.0.1, or 0.0.0.0 for all addresses."],
  ENOTFOUND: ["the host has no address", "Use an address such as 127.0.0.1."],
};

/** Why UDP is not listened to, for people. */
export function listenError(cause: NodeJS.ErrnoException, host: string, port: number): InputError {
  const [reason, hint] = REASONS[cause.code ?? ""] ?? [cause.message, undefined];
  return new InputError("M2M_LISTEN_FAILED", `Cannot listen on ${host} UDP port ${port}: ${reason}.`, {
    cause,
    hint,
  });
}
