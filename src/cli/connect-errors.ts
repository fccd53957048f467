import { M2MError } from "../shared/errors.js";
import { fingerprint, formatIdentity } from "../transport/index.js";
import type { AiTcpTarget } from "./connect-settings.js";
import { withHint, type Hints } from "./explain-error.js";

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

function trustHint(address: string, identity: Uint8Array, file: string | undefined): string {
  const name = formatIdentity(identity);
  const line = file === undefined ? "" : `, or write the line "${address} ${name}" into ${file}`;
  return (
    `If its owner confirms the fingerprint ${fingerprint(identity)}, add --trust ${name}${line}. ` +
    "--trust-on-first-use does that by itself."
  );
}
