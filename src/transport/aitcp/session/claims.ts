import { M2MError, ProtocolError } from "../../../shared/errors.js";
import type { StreamsSnapshot } from "../flow/index.js";

/** Keeps how far a session is, before the application is given what has come: another process then never gives it again. */
export interface ClaimKeeper {
  /**
   * @throws {ProtocolError} `M2M_SESSION_MISMATCH` if another process has the session
   * @throws {M2MError} if it is not kept: the store does not answer
   */
  keep(snapshot: StreamsSnapshot): Promise<void>;
}

export function takenOver(): ProtocolError {
  return new ProtocolError("M2M_SESSION_MISMATCH", "Another process goes on with the session.");
}

/** Whether a session is over here, and goes on elsewhere. */
export function isTakenOver(error: unknown): boolean {
  return error instanceof M2MError && error.code === "M2M_SESSION_MISMATCH";
}
