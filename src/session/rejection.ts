import { M2MError, type ErrorCode } from "../shared/errors.js";
import type { Rejection, RejectionCode } from "./message.js";

/** What a peer is told of errors. What is not here says nothing of this side. */
const TOLD: Partial<Record<ErrorCode, RejectionCode>> = Object.freeze({
  M2M_VERSION_UNSUPPORTED: "VERSION_MISMATCH",
  M2M_ALGORITHM_UNSUPPORTED: "NO_COMMON_ALGORITHM",
  M2M_NOT_NEGOTIATED: "NO_COMMON_ALGORITHM",
  M2M_SECURITY_THREAT: "SECURITY_POLICY",
  M2M_SCAN_FAILED: "SECURITY_POLICY",
  M2M_RATE_LIMITED: "RATE_LIMITED",
  M2M_BUSY: "RATE_LIMITED",
  M2M_SESSIONS_FULL: "RATE_LIMITED",
  M2M_MAILBOX_FULL: "RATE_LIMITED",
  M2M_CHANNEL_FULL: "RATE_LIMITED",
});

/** Errors whose message speaks of nothing but what the peer has sent, so that it may read it. */
const EXPLAINED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["M2M_MESSAGE_INVALID", "M2M_SESSION_MISMATCH"]);

/**
 * What to tell the peer of an error: its code of the taxonomy, and of what it sent that is no message, or of another session, also what is wrong, behind a colon.
 * Other messages, and causes, may hold what is this side's own. A defect is told as nothing but UNKNOWN.
 */
export function rejectionFor(error: unknown): Rejection {
  if (!(error instanceof M2MError)) return { code: "UNKNOWN", message: "" };
  return {
    code: TOLD[error.code] ?? "UNKNOWN",
    message: EXPLAINED.has(error.code) ? `${error.code}: ${error.message}` : error.code,
  };
}
