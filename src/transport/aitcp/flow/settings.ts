import { InputError, ProtocolError } from "../../../shared/errors.js";

/** What one side takes, as it says in the handshake (docs/spec/aitcp.md, Handshake). Sizes in bytes. */
export interface FlowSettings {
  /** The longest message. */
  readonly messageBytes: number;
  /** First credit of a stream. */
  readonly streamWindow: number;
  /** First credit of the session. */
  readonly sessionWindow: number;
  /** Open streams that the peer has opened. */
  readonly streams: number;
}

/** What a message costs of a credit beyond its bytes (docs/spec/aitcp.md, Credit). */
export const MESSAGE_COST = 32;
/** The smallest window. */
export const MIN_WINDOW = 1024;

/** @throws {InputError} `M2M_USAGE` if a setting is out of range */
export function assertOwnSettings(own: FlowSettings): void {
  if (isValid(own)) return;
  throw new InputError(
    "M2M_USAGE",
    `Windows of streams are at least ${MIN_WINDOW}, all of them whole numbers.`,
  );
}

/**
 * @param before what the peer said at the last connection of the session
 * @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` if a setting is out of range, or less than what may be relied on
 */
export function assertPeerSettings(peer: FlowSettings, before: FlowSettings | undefined): void {
  if (isValid(peer) && peer.messageBytes >= (before?.messageBytes ?? 0)) return;
  throw new ProtocolError("M2M_FRAME_UNEXPECTED", "The peer's windows or limits are out of range.");
}

function isValid({ messageBytes, streamWindow, sessionWindow, streams }: FlowSettings): boolean {
  return (
    [messageBytes, streamWindow, sessionWindow, streams].every((value) => Number.isSafeInteger(value)) &&
    messageBytes >= 0 &&
    streams >= 0 &&
    streamWindow >= MIN_WINDOW &&
    sessionWindow >= MIN_WINDOW
  );
}
