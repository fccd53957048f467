import {
  IntegrityError,
  LimitError,
  M2MError,
  ProtocolError,
  UpstreamError,
} from "../../../shared/errors.js";

/** Codes of CLOSE (docs/spec/aitcp.md, "End"). */
export const CLOSE_CODES = {
  done: 0,
  malformed: 1,
  limit: 2,
  signature: 3,
  expired: 4,
  busy: 5,
  defect: 6,
  untrusted: 7,
} as const;

export type CloseReason = keyof typeof CLOSE_CODES;

/** What the peer is told of an error that ends the session. */
export function closeReasonOf(error: unknown): CloseReason {
  if (error instanceof LimitError) return "limit";
  if (error instanceof IntegrityError) return "signature";
  return error instanceof M2MError ? "malformed" : "defect";
}

/** What the peer's CLOSE means to this side; `undefined` for a good end. */
export function closedError(code: number, text: string): M2MError | undefined {
  const said = text === "" ? "" : `: ${JSON.stringify(text)}`;
  switch (code) {
    case CLOSE_CODES.done:
      return undefined;
    case CLOSE_CODES.expired:
      return new ProtocolError("M2M_SESSION_EXPIRED", `The peer's session is over${said}.`);
    case CLOSE_CODES.busy:
      return new UpstreamError("M2M_CONNECTION_LOST", `The peer can serve no more${said}.`);
    case CLOSE_CODES.untrusted:
      return new IntegrityError("M2M_PEER_UNTRUSTED", `The peer does not trust this side any more${said}.`);
    default:
      return new ProtocolError(
        "M2M_SESSION_REJECTED",
        `The peer ended the session with the code ${code}${said}.`,
      );
  }
}

/** The connection is gone, and nobody has said that the session is over. */
export function connectionLost(cause?: unknown): UpstreamError {
  return new UpstreamError("M2M_CONNECTION_LOST", "The connection has ended without a word.", { cause });
}
