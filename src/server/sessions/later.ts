import { LimitError, type ErrorCode } from "../../shared/errors.js";

/** Who finds no room may come again after so long. */
const BUSY_RETRY_MS = 1000;

/** Why a message is not taken now, and when it may come again. */
export class LaterError extends LimitError {
  /** In milliseconds; absent: nobody knows. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, hint: string, retryAfterMs: number | undefined) {
    super(code, message, { hint });
    this.name = "LimitError";
    this.retryAfterMs = retryAfterMs;
  }
}

/** @param retryAfterMs `Infinity`: never */
export function rateLimited(retryAfterMs: number): LaterError {
  const message = "That is more than this server takes in the time.";
  const isKnown = Number.isFinite(retryAfterMs);
  return new LaterError(
    "M2M_RATE_LIMITED",
    message,
    "Send it again later.",
    isKnown ? retryAfterMs : undefined,
  );
}

/** Others have changed the session each time. */
export function contended(): LaterError {
  const hint = "Send one message after the other.";
  return new LaterError("M2M_BUSY", "Too many change the session at once.", hint, BUSY_RETRY_MS);
}

/** There is no room for what a message is opened to. */
export function noRoomForContent(): LaterError {
  const message = "The server holds as many bytes of contents as it may.";
  return new LaterError("M2M_BUSY", message, "Send it again later.", BUSY_RETRY_MS);
}
