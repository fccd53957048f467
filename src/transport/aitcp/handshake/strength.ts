import { ProtocolError } from "../../../shared/errors.js";
import type { HandshakeSettings } from "./settings.js";
import { SIGNATURE_MODES, type SignatureMode } from "../turn/index.js";

/** What the application was told of a session, and what holds for all its connections: a ticket has it with it. */
export interface Strength {
  readonly signatures: SignatureMode;
  readonly isPadded: boolean;
}

/** What a side may agree on at a resumption. @param before what held till then; absent for a session that begins */
export function settingsNotWeaker(
  settings: HandshakeSettings,
  before: Strength | undefined,
): HandshakeSettings {
  if (!before) return settings;
  const signatures = settings.signatures.filter((mode) => signsAsMuch(mode, before.signatures));
  return { ...settings, signatures, isPadding: settings.isPadding || before.isPadded };
}

/** Whether a mode signs at least what another one signs. */
function signsAsMuch(mode: SignatureMode, other: SignatureMode): boolean {
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
