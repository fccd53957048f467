import { M2MError, type ErrorCode } from "../shared/errors.js";
import { fingerprint, formatIdentity } from "../transport/index.js";
import type { LineSender } from "./connect-lines.js";
import type { AiTcpTarget } from "./connect-settings.js";
import { copyOf, withHint, type Hints } from "./explain-error.js";

/** An error of a connection, with what a person at this end can do about it. */
export function explainConnection(error: unknown, target: AiTcpTarget | undefined): unknown {
  if (!target || !(error instanceof M2MError)) return error;
  const { credentials, address } = target;
  const own = formatIdentity(credentials.identity.publicKey);
  const hints: Hints = {
    M2M_PEER_UNTRUSTED: target.trust.refused
      ? trustHint(address, target.trust.refused, credentials.trust.knownPeers?.path)
      : `Its operator lets this side in with --trust ${own}`,
    M2M_CONNECTION_FAILED: "Is the address right, and does m2m server --transport aitcp run there?",
    M2M_PACKET_INVALID:
      "What answers there does not speak AI-TCP: its port is the one above that of HTTP, unless said otherwise.",
  };
  return withHint(error, hints);
}

/** The server does not have the session any more. */
const SESSION_LOST: readonly ErrorCode[] = ["M2M_SESSION_UNKNOWN", "M2M_SESSION_EXPIRED"];
/** The line could not be made again in time. */
const LINE_LOST: readonly ErrorCode[] = [
  "M2M_CONNECTION_LOST",
  "M2M_CONNECTION_FAILED",
  "M2M_ANSWER_TIMEOUT",
];

/** An error that ends a session before its time, with the lines whose fate is not known. */
export function explainLoss(error: unknown, lines: LineSender["unacknowledged"]): unknown {
  if (!(error instanceof M2MError)) return error;
  const { code, message } = error;
  if (SESSION_LOST.includes(code)) {
    return copyOf(error, {
      message:
        "The server does not know the session any more: it has expired, or the server was started again with sessions in memory; " +
        `${describeLines(lines)}.`,
      hint:
        `Connect again${lines ? "; what is sent again may arrive twice" : ""}. ` +
        "Sessions outlast the server with m2m server --store redis://HOST:PORT.",
    });
  }
  if (!lines || !LINE_LOST.includes(code)) return error;
  return copyOf(error, { message: `${message.replace(/\.$/, "")}; ${describeLines(lines)}.` });
}

function describeLines(lines: LineSender["unacknowledged"]): string {
  if (!lines) return "every line that was sent is acknowledged";
  const [first, last] = lines;
  return first === last
    ? `line ${first} is not acknowledged`
    : `${last - first + 1} lines (${first} to ${last}) are not acknowledged`;
}

function trustHint(address: string, identity: Uint8Array, file: string | undefined): string {
  const name = formatIdentity(identity);
  const line = file === undefined ? "" : `, or write the line "${address} ${name}" into ${file}`;
  return (
    `If its owner confirms the fingerprint ${fingerprint(identity)}, add --trust ${name}${line}. ` +
    "--trust-on-first-use does that by itself."
  );
}
