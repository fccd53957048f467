import type { M2MError } from "../../shared/errors.js";
import type {
  AgreedSecurity,
  Agreement,
  MailboxEntry,
  Message,
  ProtocolVersion,
  ReceivedData,
  SessionCounters,
  SessionState,
} from "../../session/index.js";
import type { AlgorithmName } from "../../codec/index.js";

/** Who is at the other end of a connection, as far as that is known. */
export interface Peer {
  /** The address that limits are counted by. */
  readonly address?: string;
  /** What the log calls the request that brings a message, and its path, if it is one of HTTP. */
  readonly request?: string;
  readonly path?: string;
  /** Whether the connection keeps a window of what goes over it, if the peer does too. */
  readonly keepsHistory?: boolean;
}

/** What became of a message. */
export interface HandledMessage {
  /** The session that it belongs to, or that it began; absent if there is none. */
  readonly sessionId?: string;
  /** What was agreed in it; absent for DATA, and if it is over. */
  readonly agreed?: Agreement;
  /**
   * To be sent to the peer: what the protocol answers; PONG for DATA that was numbered by its sender and that nothing else
   * answers; with `error` REJECT, or for numbered DATA a PONG that holds the refusal. Absent: there is nothing to say.
   */
  readonly reply?: Message;
  /** The content of DATA. */
  readonly received?: ReceivedData;
  /** Why the message was refused: for status codes and logs. The peer is told what stands in `reply`. */
  readonly error?: M2MError;
  /** Of an `error` that asks to come again: when, in milliseconds from now. */
  readonly retryAfterMs?: number;
}

/** A session as its owner may see it. */
export interface SessionView {
  readonly id: string;
  readonly state: SessionState;
  readonly version: ProtocolVersion;
  readonly agentId: string;
  readonly agentType: string;
  /** As agreed, the most preferred first. */
  readonly algorithms: readonly AlgorithmName[];
  readonly encoding?: string;
  /** 0 is no limit. */
  readonly maxPayloadBytes: number;
  readonly security: AgreedSecurity;
  readonly channel?: string;
  readonly createdAtMs: number;
  /** When it ends unless something happens; absent: never. */
  readonly expiresAtMs?: number;
  readonly counters: SessionCounters;
}

export interface TakeOptions {
  /** The last message that was taken: it and all before it are forgotten. */
  readonly after?: string;
  /** Most messages. Default 100. */
  readonly limit?: number;
  /** How long to wait for a first one, in milliseconds. Default 0. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
  /**
   * The server looks for itself, to push what it finds: nothing is forgotten, it is no sign of life of the peer, and no
   * question whether there is such a session.
   */
  readonly peek?: boolean;
}

/** What time does to a session. */
export interface TickResult {
  /** PING that is due, or CLOSE of a session that has expired. */
  readonly message?: Message;
  /** When to tick again, by the service's clock; absent: never, the session is over. */
  readonly nextDeadlineMs?: number;
}

/** What happened since the process started; for metrics. */
export interface SessionMetrics {
  readonly opened: number;
  /** HELLOs that were answered with REJECT. */
  readonly rejected: number;
  /** Sessions that this process saw end, whoever ended them. */
  readonly closed: number;
  /** Messages of every type, those that were refused included. */
  readonly messages: number;
  /** Messages that were refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** DATA that was taken. */
  readonly data: number;
  /** DATA that was put into the mailbox of another session. */
  readonly relayed: number;
  /** Bytes of the content of DATA that was taken, and of its wires. */
  readonly contentBytes: number;
  readonly wireBytes: number;
}

/** The responder's side of many sessions, whose memory is in stores that other processes may share. */
export interface SessionService {
  /** Never throws for what a peer does, nor for a store that fails: that is `error` too. */
  handle(message: string | Uint8Array | Message, peer?: Peer): Promise<HandledMessage>;
  describe(id: string): Promise<SessionView | undefined>;
  /** Ends a session from this side. Whether there was one. */
  close(id: string): Promise<boolean>;
  count(): Promise<number>;
  /**
   * What others have sent to this session, the oldest first. It stays there until a later call says `after`. Asking is a sign
   * of life of the session's peer.
   * @throws {ProtocolError} `M2M_SESSION_UNKNOWN`
   * @throws {InputError} `M2M_USAGE` if `after` is no id
   */
  take(id: string, options?: TakeOptions): Promise<readonly MailboxEntry[]>;
  /** Forgets what others have sent to this session, up to and with that id. @throws {InputError} `M2M_USAGE` */
  acknowledge(id: string, upTo: string): Promise<void>;
  /** Does what time does, for the connection that the session has in this process. */
  tick(id: string): Promise<TickResult>;
  metrics(): SessionMetrics;
  /** Ends what waits, and resolves when what is being handled is done. For when no more messages come. */
  shutdown(): Promise<void>;
}
