import { IntegrityError } from "../../../shared/errors.js";

/** Whether an error says that a peer is not trusted, and not that nobody knows. */
export function isDistrust(error: unknown): error is IntegrityError {
  return (
    error instanceof IntegrityError &&
    (error.code === "M2M_PEER_UNTRUSTED" || error.code === "M2M_PEER_CHANGED")
  );
}
