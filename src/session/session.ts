import { InputError } from "../shared/errors.js";
import type { Capabilities } from "./capabilities.js";
import { SessionCore } from "./core.js";
import { receiveData, sendData } from "./exchange.js";
import { receiveAccept, receiveHello, receiveReject, type HandshakePolicy } from "./handshake.js";
import { nextDeadline, startLiveness } from "./liveness.js";
import type { Role, SessionState, Transition } from "./machine.js";
import {
  MESSAGE_TYPES,
  type CloseMessage,
  type DataMessage,
  type HelloMessage,
  type Message,
  type PingMessage,
  type SignalMessage,
} from "./message.js";
import type { Agreement } from "./negotiate.js";
import {
  assertScanner,
  resolveCapabilities,
  resolveEnvironment,
  resolveVersions,
  type SessionEnvironment,
  type SessionOptions,
} from "./options.js";
import type { Reception, SendOptions } from "./reception.js";
import type { SessionEnd, SessionRecord } from "./record.js";
import { readSnapshot, writeSnapshot, type SessionSnapshot } from "./snapshot.js";
import { NO_COUNTS, type SessionCounters } from "./traffic.js";
import { MAX_CONTROL_BYTES, maxDataMessageBytes, readMessage } from "./wire/messages.js";

/**
 * One side of a session. It takes messages and gives those that are to be sent; it owns no connection and no timer: whoever
 * does calls `tick` at `nextDeadlineMs()`. What throws leaves the session in the state it was in.
 */
export class Session {
  readonly #core: SessionCore;
  readonly #policy: HandshakePolicy;

  /** @throws {InputError} `M2M_USAGE` if an option is wrong or promises what is lacking */
  constructor(options: SessionOptions);
  constructor(options: SessionOptions, restored?: SessionRecord) {
    const environment = resolveEnvironment(options);
    this.#policy = {
      versions: resolveVersions(options.versions),
      requireSecurity: options.requireSecurity ?? false,
    };
    if (restored) {
      if (restored.state !== "closed") assertScanner(restored.local, environment.scanner);
      this.#core = new SessionCore(restored, environment);
      return;
    }
    if (options.role !== "initiator" && options.role !== "responder") {
      throw new InputError("M2M_USAGE", "A role is initiator or responder.");
    }
    const record: SessionRecord = {
      role: options.role,
      state: "initial",
      local: resolveCapabilities(options.capabilities ?? {}, environment),
      createdAtMs: 0,
      liveness: startLiveness(0),
      counters: NO_COUNTS,
      revision: 0,
    };
    const createdAtMs = new SessionCore(record, environment).now();
    this.#core = new SessionCore(
      { ...record, createdAtMs, liveness: startLiveness(createdAtMs) },
      environment,
    );
  }

  /**
   * The session of a snapshot, to be gone on with.
   * @param options as those of the session that was written, without its capabilities
   * @throws {FormatError} `M2M_SNAPSHOT_INVALID`
   * @throws {InputError} `M2M_USAGE` if the session promises a scanner and none is given
   */
  static fromJSON(
    snapshot: unknown,
    options: SessionEnvironment & Pick<SessionOptions, "versions" | "requireSecurity"> = {},
  ): Session {
    const record = readSnapshot(snapshot);
    return new (Session as RestoringSession)({ ...options, role: record.role }, record);
  }

  toJSON(): SessionSnapshot {
    return writeSnapshot(this.#core.record);
  }

  /** `undefined` until the responder has chosen it. */
  get id(): string | undefined {
    return this.#core.record.id;
  }
  get role(): Role {
    return this.#core.record.role;
  }
  get state(): SessionState {
    return this.#core.record.state;
  }
  /** Why the session is over, or closing. */
  get end(): SessionEnd | undefined {
    return this.#core.record.end;
  }
  get local(): Capabilities {
    return this.#core.record.local;
  }
  get peer(): Capabilities | undefined {
    return this.#core.record.peer;
  }
  get agreed(): Agreement | undefined {
    return this.#core.agreed;
  }
  get counters(): SessionCounters {
    return this.#core.record.counters;
  }
  get createdAtMs(): number {
    return this.#core.record.createdAtMs;
  }
  /** Grows with every change: what a store compares. */
  get revision(): number {
    return this.#core.record.revision;
  }

  /** Begins the session. @throws {ProtocolError} `M2M_PROTOCOL_STATE` */
  connect(): HelloMessage {
    const nowMs = this.#core.now();
    this.#core.commit(this.#core.allow("connect"), nowMs);
    return { type: "HELLO", version: this.local.version, capabilities: this.local, timestampMs: nowMs };
  }

  /**
   * DATA with `content`: scanned if this side scans, then compressed.
   * @throws {ProtocolError} `M2M_PROTOCOL_STATE`, `M2M_SESSION_EXPIRED`, `M2M_SESSION_REJECTED`, `M2M_NOT_NEGOTIATED`,
   * `M2M_SCAN_FAILED`
   * @throws {SecurityThreat} `M2M_SECURITY_THREAT`
   * @throws {LimitError} `M2M_PAYLOAD_TOO_LARGE`
   * @throws {M2MError} if no agreed algorithm carries the content
   */
  send(content: string | Uint8Array, options: SendOptions = {}): Promise<DataMessage> {
    return sendData(this.#core, content, options);
  }

  /** A PING before one is due. @throws {ProtocolError} as `send` */
  ping(): PingMessage {
    const nowMs = this.#core.now();
    return this.#ping(this.#core.allow("ping", nowMs), nowMs);
  }

  /**
   * Ends the session.
   * @returns CLOSE, or `undefined` if no session has come about
   * @throws {ProtocolError} `M2M_PROTOCOL_STATE` if it is closing or closed
   */
  close(): CloseMessage | undefined {
    const transition = this.#core.allow("close");
    return this.#end(transition, this.#core.now(), { reason: "closed", by: "local" });
  }

  /**
   * Takes a message of the peer, as it came over the wire or already read.
   * @throws {ProtocolError} `M2M_PROTOCOL_STATE`, `M2M_SESSION_EXPIRED`, `M2M_SESSION_REJECTED`, `M2M_SESSION_MISMATCH`,
   * `M2M_NOT_NEGOTIATED`, `M2M_SCAN_FAILED`
   * @throws {SecurityThreat} `M2M_SECURITY_THREAT`
   * @throws {LimitError} `M2M_PAYLOAD_TOO_LARGE`, and as `readMessage`
   * @throws {InputError} `M2M_USAGE` if it is no message at all
   * @throws {M2MError} if the message or its wire is malformed
   */
  async receive(input: string | Uint8Array | Message): Promise<Reception> {
    const message = typeof input === "string" || input instanceof Uint8Array ? this.#read(input) : input;
    assertMessage(message);
    switch (message.type) {
      case "HELLO":
        return receiveHello(this.#core, message, this.#policy);
      case "ACCEPT":
        return receiveAccept(this.#core, message, this.#policy);
      case "REJECT":
        return receiveReject(this.#core, message);
      case "DATA":
        return receiveData(this.#core, message);
      case "PING":
      case "PONG":
      case "CLOSE":
        return this.#receiveSignal(message);
    }
  }

  /** When `tick` has something to do, by the session's clock; `undefined` if never. */
  nextDeadlineMs(): number | undefined {
    const { state, role, liveness } = this.#core.record;
    return nextDeadline(state, role, liveness, this.#core.environment.timing)?.atMs;
  }

  /** When the session ends unless something happens; `undefined` if never. For the expiry of a store. */
  expiresAtMs(): number | undefined {
    return this.#core.expiry()?.atMs;
  }

  /**
   * Does what time does: sends a PING that is due, ends a session whose time is over.
   * @param nowMs default: the session's clock
   * @returns the message that is to be sent, if any
   */
  tick(nowMs?: number): PingMessage | CloseMessage | undefined {
    const atMs = this.#core.now(nowMs);
    const expiry = this.#core.expiry();
    // Of what is overdue the end comes first: a peer that is gone is not asked any more.
    if (expiry && expiry.atMs <= atMs) {
      return this.#end(this.#core.allow("expire"), atMs, { reason: expiry.expires, by: "time" });
    }
    if ((this.nextDeadlineMs() ?? Infinity) > atMs) return undefined;
    return this.#ping(this.#core.allow("ping"), atMs);
  }

  #receiveSignal(message: SignalMessage): Reception {
    const { type, sessionId } = message;
    const nowMs = this.#core.now();
    // A CLOSE is welcome at any time.
    const transition = this.#core.allow(type, type === "CLOSE" ? undefined : nowMs);
    this.#core.assertOwn(sessionId);
    const end: SessionEnd | undefined =
      transition.to === "closed" ? (this.end ?? { reason: "closed", by: "peer" }) : this.end;
    this.#core.commit(transition, nowMs, end ? { end } : {});
    const { emit } = transition;
    if (emit !== "PONG" && emit !== "CLOSE") return { message };
    return { message, reply: { type: emit, sessionId, timestampMs: nowMs } };
  }

  #ping(transition: Transition, nowMs: number): PingMessage {
    this.#core.commit(transition, nowMs);
    return { type: "PING", sessionId: this.#core.sessionId, timestampMs: nowMs };
  }

  #end(transition: Transition, nowMs: number, end: SessionEnd): CloseMessage | undefined {
    this.#core.commit(transition, nowMs, { end });
    return transition.emit === "CLOSE" ? this.#core.closeMessage(nowMs) : undefined;
  }

  /** Until there is an agreement only small messages are read. */
  #read(input: string | Uint8Array): Message {
    const { agreed } = this;
    if (!agreed) return readMessage(input, { maxMessageBytes: MAX_CONTROL_BYTES });
    const maxMessageBytes = maxDataMessageBytes(this.#core.established.payloads.maxPayloadBytes);
    return readMessage(input, { version: agreed.version, maxMessageBytes });
  }
}

/** For callers without types. @throws {InputError} `M2M_USAGE` */
function assertMessage(message: unknown): void {
  const type = (message as Partial<Message> | null | undefined)?.type;
  if (typeof message === "object" && (MESSAGE_TYPES as readonly unknown[]).includes(type)) return;
  throw new InputError("M2M_USAGE", "A message is a string, a Uint8Array, or one that has been read.");
}
/** How `fromJSON` makes one. */
type RestoringSession = new (options: SessionOptions, restored: SessionRecord) => Session;
