import type { Capabilities } from "./capabilities.js";
import type { SessionCore } from "./core.js";
import { formatId } from "./ids.js";
import type { AcceptMessage, HelloMessage, Rejection, RejectMessage } from "./message.js";
import { narrowCapabilities, versionMismatch, type Agreement } from "./negotiate.js";
import { negotiateAs, type SessionEnd } from "./record.js";
import type { Reception } from "./reception.js";
import type { ProtocolVersion } from "./wire/versions.js";

/** What one side insists on when it is offered a session. */
export interface HandshakePolicy {
  /** Versions that a responder accepts. */
  readonly versions: readonly ProtocolVersion[];
  readonly requireSecurity: boolean;
}

type Outcome =
  | { readonly refused: Rejection }
  | {
      readonly refused?: undefined;
      readonly local: Capabilities;
      readonly peer: Capabilities;
      readonly agreed: Agreement;
    };

/** Answers HELLO with ACCEPT or REJECT. */
export function receiveHello(core: SessionCore, message: HelloMessage, policy: HandshakePolicy): Reception {
  const nowMs = core.now();
  core.allow("HELLO", nowMs);
  const outcome = answerHello(core.record.local, message, policy);
  if (outcome.refused) {
    core.commit(core.allow("HELLO", nowMs, "refused"), nowMs, { end: rejected("local", outcome.refused) });
    return { message, reply: { type: "REJECT", rejection: outcome.refused, timestampMs: nowMs } };
  }
  const { local, peer, agreed } = outcome;
  const sessionId = formatId(core.environment.randomBytes);
  core.commit(core.allow("HELLO", nowMs, "agreed"), nowMs, { id: sessionId, local, peer });
  const capabilities = narrowCapabilities(local, agreed);
  const { version } = capabilities;
  return { message, reply: { type: "ACCEPT", sessionId, version, capabilities, timestampMs: nowMs } };
}

/** Takes ACCEPT; closes the session if what it says does not fit. */
export function receiveAccept(
  core: SessionCore,
  message: AcceptMessage,
  { requireSecurity }: HandshakePolicy,
): Reception {
  const nowMs = core.now();
  core.allow("ACCEPT", nowMs);
  const { local, role } = core.record;
  const { sessionId: id, version, capabilities: peer } = message;
  const outcome = peer
    ? negotiateAs(role, local, peer, { requireSecurity })
    : { refused: versionMismatch(version, [local.version]) };
  if (outcome.refused) {
    core.commit(core.allow("ACCEPT", nowMs, "refused"), nowMs, {
      id,
      end: rejected("local", outcome.refused),
    });
    return { message, reply: core.closeMessage(nowMs) };
  }
  core.commit(core.allow("ACCEPT", nowMs, "agreed"), nowMs, { id, peer });
  return { message };
}

/** Takes REJECT: of the handshake, or of anything later. */
export function receiveReject(core: SessionCore, message: RejectMessage): Reception {
  core.commit(core.allow("REJECT"), core.now(), { end: rejected("peer", message.rejection) });
  return { message };
}

function answerHello(own: Capabilities, message: HelloMessage, policy: HandshakePolicy): Outcome {
  const peer = message.capabilities;
  if (!peer || !policy.versions.includes(peer.version)) {
    return { refused: versionMismatch(message.version, policy.versions) };
  }
  const local = { ...own, version: peer.version };
  const { agreed, refused } = negotiateAs("responder", local, peer, policy);
  return refused ? { refused } : { local, peer, agreed };
}

function rejected(by: "local" | "peer", rejection: Rejection): SessionEnd {
  return { reason: "rejected", by, rejection };
}
