import { ProtocolError } from "../../../shared/errors.js";
import { SIGNATURE_MODES, type SignatureMode } from "../turn/index.js";

/** What the application was told of a session, and what holds for all its connections. */
export interface Strength {
  readonly signatures: SignatureMode;
  readonly isPadded: boolean;
}

/** Whether a mode signs at least what another one signs. */
export function signsAsMuch(mode: SignatureMode, other: SignatureMode): boolean {
  return SIGNATURE_MODES.indexOf(mode) >= SIGNATURE_MODES.indexOf(other);
}

/** @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` if a session would go on with weaker signatures, or without padding */
export function assertNotWeaker(now: Strength, before: Strength): void {
  if (signsAsMuch(now.signatures, before.signatures) && (now.isPadded || !before.isPadded)) return;
  throw new ProtocolError(
    "M2M_FRAME_UNEXPECTED",
    "The session would go on with weaker signatures, or without padding.",
  );
}
