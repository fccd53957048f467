import { InputError } from "../shared/errors.js";
import type { Role, SessionState } from "./machine.js";

/** Times of a session, in milliseconds; `Infinity` switches one off. */
export interface SessionTiming {
  /** Silence of the peer, or time since the last PING, after which a PING is due. */
  readonly keepAliveMs: number;
  /** How long the last PING that may go unanswered is waited for. */
  readonly pongTimeoutMs: number;
  /** So many PINGs in a row without a sign of life expire the session. */
  readonly maxMissedPongs: number;
  /** Time without any message but own PINGs that expires the session. */
  readonly idleMs: number;
  /** Most time between the first HELLO and its answer, or until a HELLO arrives. */
  readonly handshakeMs: number;
  /** Most time between a CLOSE and the peer's. */
  readonly closeMs: number;
}

/** The protocol's times: keep-alive 60 s, three missed PONGs, five idle minutes; HELLO 30 s, PONG 10 s, CLOSE 5 s. */
export const DEFAULT_TIMING: SessionTiming = Object.freeze({
  keepAliveMs: 60_000,
  pongTimeoutMs: 10_000,
  maxMissedPongs: 3,
  idleMs: 300_000,
  handshakeMs: 30_000,
  closeMs: 5_000,
});

/** What a session remembers of time, in milliseconds of its clock. */
export interface Liveness {
  /** When the state began. */
  readonly stateSinceMs: number;
  /** When the peer was last heard. */
  readonly heardAtMs: number;
  /** When a message last came or went, own PINGs left out. */
  readonly activeAtMs: number;
  readonly pingedAtMs?: number;
  /** PINGs since the peer was last heard. */
  readonly unanswered: number;
}

export const EXPIRY_REASONS = ["idle", "missed-pongs", "handshake-timeout", "close-timeout"] as const;
export type ExpiryReason = (typeof EXPIRY_REASONS)[number];

/** What is to happen next by time alone. */
export interface Deadline {
  readonly atMs: number;
  /** Absent: a PING is due. */
  readonly expires?: ExpiryReason;
}

/** @throws {InputError} `M2M_USAGE` if a time is no number over 0 */
export function resolveTiming(given: Partial<SessionTiming> = {}): SessionTiming {
  const timing = { ...DEFAULT_TIMING };
  for (const name of Object.keys(DEFAULT_TIMING) as (keyof SessionTiming)[]) {
    const value = given[name];
    if (value === undefined) continue;
    if (!(typeof value === "number" && value > 0)) {
      throw new InputError("M2M_USAGE", `${name} is a number over 0, not ${String(value)}.`);
    }
    timing[name] = value;
  }
  return timing;
}

export function startLiveness(nowMs: number): Liveness {
  return { stateSinceMs: nowMs, heardAtMs: nowMs, activeAtMs: nowMs, unanswered: 0 };
}

/** Any message of the peer is a sign of life. */
export function heard(liveness: Liveness, nowMs: number): Liveness {
  return { ...liveness, heardAtMs: nowMs, activeAtMs: nowMs, pingedAtMs: undefined, unanswered: 0 };
}

export function sent(liveness: Liveness, nowMs: number): Liveness {
  return { ...liveness, activeAtMs: nowMs };
}

export function pinged(liveness: Liveness, nowMs: number): Liveness {
  return { ...liveness, pingedAtMs: nowMs, unanswered: liveness.unanswered + 1 };
}

/** The next thing that time does, or `undefined` if nothing is. */
export function nextDeadline(
  state: SessionState,
  role: Role,
  liveness: Liveness,
  timing: SessionTiming,
): Deadline | undefined {
  return earliest(deadlines(state, role, liveness, timing));
}

/** When and why the session expires unless something happens, or `undefined`. */
export function nextExpiry(
  state: SessionState,
  role: Role,
  liveness: Liveness,
  timing: SessionTiming,
): (Deadline & { readonly expires: ExpiryReason }) | undefined {
  return earliest(deadlines(state, role, liveness, timing).filter(isExpiry));
}

function isExpiry(deadline: Deadline): deadline is Deadline & { readonly expires: ExpiryReason } {
  return deadline.expires !== undefined;
}

function earliest<Kind extends Deadline>(due: readonly Kind[]): Kind | undefined {
  const finite = due.filter(({ atMs }) => atMs < Infinity);
  if (finite.length === 0) return undefined;
  return finite.reduce((first, next) => (next.atMs < first.atMs ? next : first));
}

/** What time does in `state`; of two at once, the first counts: the session expires. */
function deadlines(state: SessionState, role: Role, liveness: Liveness, timing: SessionTiming): Deadline[] {
  const { stateSinceMs, heardAtMs, activeAtMs, pingedAtMs, unanswered } = liveness;
  switch (state) {
    case "initial":
      return role === "responder"
        ? [{ atMs: stateSinceMs + timing.handshakeMs, expires: "handshake-timeout" }]
        : [];
    case "hello-sent":
      return [{ atMs: stateSinceMs + timing.handshakeMs, expires: "handshake-timeout" }];
    case "established": {
      const idle: Deadline = { atMs: activeAtMs + timing.idleMs, expires: "idle" };
      const lastSign = Math.max(heardAtMs, pingedAtMs ?? heardAtMs);
      if (unanswered < timing.maxMissedPongs) return [idle, { atMs: lastSign + timing.keepAliveMs }];
      return [idle, { atMs: lastSign + timing.pongTimeoutMs, expires: "missed-pongs" }];
    }
    case "closing":
      return [{ atMs: stateSinceMs + timing.closeMs, expires: "close-timeout" }];
    case "closed":
      return [];
  }
}
