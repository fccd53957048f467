import {
  IntegrityError,
  LimitError,
  ProtocolError,
  UnsupportedError,
  UpstreamError,
  type M2MError,
} from "../../../shared/errors.js";
import { readPacket } from "../packet/index.js";

/** Why a responder does not go on, as it tells. Nothing is proven by it: a refusal is not authenticated. */
export const REFUSALS = { ticket: 1, nothingInCommon: 2, untrusted: 3, busy: 4, malformed: 5 } as const;

export type RefusalReason = keyof typeof REFUSALS;

/** A handshake that the responder ends, and what it tells. */
export class HandshakeRefusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, cause?: unknown) {
    super(`refused: ${reason}`, { cause });
    this.reason = reason;
  }
}

/** Whether bytes are a packet that refuses a handshake: not of a responder that has said something since. */
export function isRefusal(bytes: Uint8Array): boolean {
  try {
    return readPacket(bytes).kind === "refusal";
  } catch {
    return false;
  }
}

/** What a refusal means to the initiator. */
export function refusedError(code: number | undefined): M2MError {
  switch (code) {
    case REFUSALS.ticket:
      return new ProtocolError(
        "M2M_TICKET_REFUSED",
        "The server does not take the ticket: it is used, expired or unknown.",
        {
          hint: "Connect anew; what was not acknowledged may or may not have arrived.",
        },
      );
    case REFUSALS.nothingInCommon:
      return new UnsupportedError(
        "M2M_SIGNATURES_UNSUPPORTED",
        "The server takes no version or mode of signatures that was offered.",
      );
    case REFUSALS.untrusted:
      return new IntegrityError(
        "M2M_PEER_UNTRUSTED",
        "The server does not trust the identity of this side.",
        {
          hint: "Let its operator add the identity that `m2m keygen --public FILE` prints.",
        },
      );
    case REFUSALS.busy:
      return new LimitError("M2M_BUSY", "The server takes no handshake now.", { hint: "Try again later." });
    case undefined:
    default:
      return new UpstreamError("M2M_CONNECTION_FAILED", "The server refuses the handshake.", {
        hint: "Is it the server, and the key of the server, that was meant?",
      });
  }
}
