import { InputError } from "../shared/errors.js";

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  EADDRINUSE: [
    "the port is in use",
    "Stop what uses it, or choose another with FLAG; FLAG 0 picks a free one.",
  ],
  EACCES: ["permission is missing", "Ports below 1024 need rights; choose one above."],
  EADDRNOTAVAIL: ["the address is not of this machine", "Use 127.0.0.1, or 0.0.0.0 for all addresses."],
  ENOTFOUND: ["the host has no address", "Use an address such as 127.0.0.1."],
};

/**
 * Why a port is not listened to, for people.
 * @param port with what it is a port of: `port 80`, `UDP port 80`
 * @param flag by which another one is chosen
 */
export function listenError(
  cause: NodeJS.ErrnoException,
  host: string,
  port: string,
  flag = "--port",
): InputError {
  const [reason, hint] = REASONS[cause.code ?? ""] ?? [cause.message, undefined];
  return new InputError("M2M_LISTEN_FAILED", `Cannot listen on ${host} ${port}: ${reason}.`, {
    cause,
    hint: hint?.replaceAll("FLAG", flag),
  });
}

/** A certificate or key that TLS does not take. */
export function tlsFilesError(cause: unknown): InputError {
  return new InputError("M2M_LISTEN_FAILED", "The TLS certificate or key cannot be used.", {
    cause,
    hint: "Both are PEM files, and the key is that of the certificate.",
  });
}
