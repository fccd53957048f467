import type { Capabilities } from "./capabilities.js";
import type { ExpiryReason, Liveness } from "./liveness.js";
import type { Role, SessionState } from "./machine.js";
import type { Rejection } from "./message.js";
import { negotiate, type Negotiation, type NegotiationPolicy } from "./negotiate.js";
import type { SessionCounters } from "./traffic.js";

/** Why a session is over, or about to be. */
export interface SessionEnd {
  readonly reason: "closed" | "rejected" | ExpiryReason;
  /** Whose doing it was; `time` for expiries. */
  readonly by: "local" | "peer" | "time";
  /** Of a session that was rejected. */
  readonly rejection?: Rejection;
}

/** All that a session remembers. It is replaced, never changed, so that what fails leaves it as it was. */
export interface SessionRecord {
  readonly role: Role;
  readonly state: SessionState;
  /** Known once the responder has chosen it. */
  readonly id?: string;
  readonly local: Capabilities;
  readonly peer?: Capabilities;
  readonly end?: SessionEnd;
  readonly createdAtMs: number;
  readonly liveness: Liveness;
  readonly counters: SessionCounters;
  /** Grows with every change. */
  readonly revision: number;
}

/** What `local` and `peer` come to; both sides ask it the same way round. */
export function negotiateAs(
  role: Role,
  local: Capabilities,
  peer: Capabilities,
  policy?: NegotiationPolicy,
): Negotiation {
  return role === "initiator" ? negotiate(local, peer, policy) : negotiate(peer, local, policy);
}
