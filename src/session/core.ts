import { InputError, ProtocolError } from "../shared/errors.js";
import { quote } from "../shared/quote.js";
import type { Capabilities } from "./capabilities.js";
import { heard, nextExpiry, pinged, sent, type Deadline, type ExpiryReason } from "./liveness.js";
import { findTransition, isPeerMessage, type Guard, type SessionEvent, type Transition } from "./machine.js";
import type { CloseMessage } from "./message.js";
import type { Agreement } from "./negotiate.js";
import type { ResolvedEnvironment } from "./options.js";
import { PayloadCodec } from "./payload.js";
import { negotiateAs, type SessionEnd, type SessionRecord } from "./record.js";
import { scanPolicy, type ScanPolicy } from "./scan-policy.js";
import { counted, type DataSize } from "./traffic.js";

/** What holds from the agreement on. */
export interface Established {
  readonly agreed: Agreement;
  readonly payloads: PayloadCodec;
  readonly policy: ScanPolicy;
}

/** What a transition changes besides the state, the times and the counters. */
export interface Changes extends Partial<Pick<SessionRecord, "id" | "local" | "peer" | "end">> {
  /** Of DATA. */
  readonly data?: DataSize;
}

/** The memory and the clock of a session, and the one way in which they change. */
export class SessionCore {
  readonly environment: ResolvedEnvironment;
  #record: SessionRecord;
  #established: Established | undefined;
  #clockMs: number;

  constructor(record: SessionRecord, environment: ResolvedEnvironment) {
    this.environment = environment;
    this.#record = record;
    this.#clockMs = Math.max(record.liveness.activeAtMs, record.liveness.stateSinceMs);
    this.#establish();
  }

  get record(): SessionRecord {
    return this.#record;
  }

  get agreed(): Agreement | undefined {
    return this.#established?.agreed;
  }

  /** What was agreed. Only asked in states that have it. */
  get established(): Established {
    if (!this.#established) throw new TypeError("An established session has an agreement.");
    return this.#established;
  }

  get sessionId(): string {
    if (this.#record.id === undefined) throw new TypeError("An established session has an id.");
    return this.#record.id;
  }

  /**
   * The time in whole milliseconds; never less than it was.
   * @throws {InputError} `M2M_USAGE` if the clock gives no time
   */
  now(givenMs: number = this.environment.nowMs()): number {
    const nowMs = Math.floor(givenMs);
    if (!Number.isSafeInteger(nowMs) || nowMs < 0) {
      throw new InputError(
        "M2M_USAGE",
        `The clock gives ${String(givenMs)}, which is no time in milliseconds.`,
      );
    }
    this.#clockMs = Math.max(this.#clockMs, nowMs);
    return this.#clockMs;
  }

  /**
   * The transition of an event that is allowed.
   * @param nowMs if given, a session whose time is over allows nothing
   * @throws {ProtocolError} `M2M_PROTOCOL_STATE`, `M2M_SESSION_REJECTED`, `M2M_SESSION_EXPIRED`
   */
  allow(event: SessionEvent, nowMs?: number, guard?: Guard): Transition {
    const { state, role, end } = this.#record;
    if (state === "closed" && end && end.reason !== "closed") throw overError(end);
    const transition = findTransition(state, event, role, guard);
    const expiry = nowMs === undefined ? undefined : this.expiry();
    if (expiry && nowMs !== undefined && expiry.atMs <= nowMs) {
      throw overError({ reason: expiry.expires, by: "time" });
    }
    return transition;
  }

  /** Takes a transition; nothing else changes the record but `countBlocked`. */
  commit(transition: Transition, nowMs: number, { data, ...changes }: Changes = {}): void {
    const { event, to, emit } = transition;
    const before = this.#record;
    let { liveness, counters } = before;
    if (isPeerMessage(event)) {
      liveness = heard(liveness, nowMs);
      counters = counted(counters, "received", event === "DATA" ? data : undefined);
    }
    if (emit !== undefined) {
      liveness = emit === "PING" ? pinged(liveness, nowMs) : sent(liveness, nowMs);
      counters = counted(counters, "sent", emit === "DATA" ? data : undefined);
    }
    if (to !== before.state) liveness = { ...liveness, stateSinceMs: nowMs };
    this.#record = { ...before, ...changes, state: to, liveness, counters, revision: before.revision + 1 };
    if (to === "established" && to !== before.state) this.#establish();
  }

  /** Counts a content that was refused for what a scan said. */
  countBlocked(): void {
    const { counters, revision } = this.#record;
    this.#record = {
      ...this.#record,
      counters: { ...counters, blocked: counters.blocked + 1 },
      revision: revision + 1,
    };
  }

  /** When and why the session ends by time alone. */
  expiry(): (Deadline & { readonly expires: ExpiryReason }) | undefined {
    const { state, role, liveness } = this.#record;
    return nextExpiry(state, role, liveness, this.environment.timing);
  }

  /** @throws {ProtocolError} `M2M_SESSION_MISMATCH` */
  assertOwn(sessionId: string): void {
    if (sessionId === this.#record.id) return;
    // Ids of sessions are secrets, and messages of errors are logged.
    throw new ProtocolError("M2M_SESSION_MISMATCH", "The message is of another session.");
  }

  closeMessage(nowMs: number): CloseMessage {
    return { type: "CLOSE", sessionId: this.sessionId, timestampMs: nowMs };
  }

  #establish(): void {
    const { role, local, peer } = this.#record;
    const agreed = peer && negotiateAs(role, local, peer).agreed;
    if (agreed) this.#established = establish(local, agreed, this.environment);
  }
}

function establish(
  local: Capabilities,
  agreed: Agreement,
  { codec, scanner }: ResolvedEnvironment,
): Established {
  return {
    agreed,
    payloads: new PayloadCodec(agreed, codec),
    policy: scanPolicy(local.security, agreed.security, scanner),
  };
}

/** Why nothing is allowed in a session that ended by itself. */
function overError({ reason, rejection }: SessionEnd): ProtocolError {
  if (reason === "rejected") {
    const said = rejection ? `: ${rejection.code} ${quote(rejection.message)}` : "";
    return new ProtocolError("M2M_SESSION_REJECTED", `The session was rejected${said}.`);
  }
  return new ProtocolError("M2M_SESSION_EXPIRED", `The session has expired (${reason}).`, {
    hint: "Begin another session.",
  });
}
