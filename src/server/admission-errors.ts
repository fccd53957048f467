import { InputError, LimitError, UnsupportedError } from "../shared/errors.js";

/** Why a request or a connection is not let in. */
export function tokenMissing(): InputError {
  return new InputError("M2M_UNAUTHORIZED", "This server asks for a token.", {
    hint: "Send Authorization: Bearer TOKEN.",
  });
}

/** What goes with `tokenMissing` as `WWW-Authenticate` (RFC 6750, section 3). */
export const BEARER_CHALLENGE = 'Bearer realm="m2m"';

export function nothingHere(): InputError {
  return new InputError("M2M_NOT_FOUND", "There is nothing at this path.");
}

export function upgradeRequired(): UnsupportedError {
  return new UnsupportedError("M2M_UPGRADE_REQUIRED", "Sessions are carried over WebSocket here.", {
    hint: "Open the address with ws:// or wss://.",
  });
}

export function shuttingDown(): LimitError {
  return new LimitError("M2M_DRAINING", "The server is shutting down.");
}

/** Seconds after which who was told `shuttingDown`, or that there is no room, may try again. */
export const RETRY_AFTER_S = 1;
