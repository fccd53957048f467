import { InputError } from "../shared/errors.js";

/** A message that waits for a session. */
export interface MailboxEntry {
  /** Where it stands among the messages of its mailbox; `parseMailboxId` reads it. */
  readonly id: string;
  /** A written protocol message. */
  readonly message: string;
}

/** Who sent a message, and as which of his: what tells one that is sent again. */
export interface MailboxSource {
  /** Of the sender's session. */
  readonly id: string;
  /** Grows with each message of the sender. */
  readonly sequence: number;
}

export interface MailboxPutOptions {
  /**
   * Milliseconds since 1970 from which the mailbox, with all that is in it, is not there any more, unless another `put`
   * says later; absent: never.
   */
  readonly expiresAtMs?: number;
  /** A message whose sequence is not over the last one that its sender put into this mailbox is there already. */
  readonly source?: MailboxSource;
}

export interface MailboxReadOptions {
  /** Only what stands behind this id, whether that is still there or not. */
  readonly after?: string;
  /** Most entries. Default 100. */
  readonly limit?: number;
  /** How long to wait, in milliseconds, for a first entry if there is none. Default 0. */
  readonly waitMs?: number;
  /** Ends the waiting: what it says is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * What waits for each session until it has taken it. Reading leaves it there, so that what is lost on its way is read again;
 * `acknowledge` forgets it.
 */
export interface Mailbox {
  /**
   * Adds a message behind all others; resolves when it is as safe as this store makes it.
   * @returns its id, or that of the mailbox's last entry if the message is there already
   * @throws {LimitError} `M2M_MAILBOX_FULL`
   */
  put(sessionId: string, message: string, options?: MailboxPutOptions): Promise<string>;
  /**
   * What is there, the oldest first; empty if nothing came while it waited.
   * @throws {InputError} `M2M_USAGE` if `after` is no id
   */
  read(sessionId: string, options?: MailboxReadOptions): Promise<readonly MailboxEntry[]>;
  /**
   * Forgets everything up to and with an id.
   * @throws {InputError} `M2M_USAGE` if it is no id
   */
  acknowledge(sessionId: string, upTo: string): Promise<void>;
  /** Forgets the mailbox. Ids that come later are greater all the same. */
  delete(sessionId: string): Promise<void>;
}

/** Which sessions hear each other. */
export interface ChannelDirectory {
  /**
   * Puts a session into a channel, or keeps it there for longer.
   * @param expiresAtMs milliseconds since 1970 from which it is no member any more; absent: never
   * @throws {LimitError} `M2M_CHANNEL_FULL` if there is no room for another member or channel
   */
  join(channel: string, sessionId: string, expiresAtMs?: number): Promise<void>;
  leave(channel: string, sessionId: string): Promise<void>;
  /** In no order. */
  members(channel: string): Promise<readonly string[]>;
}

export const DEFAULT_READ_LIMIT = 100;
/** Senders that a mailbox remembers, the latest. */
export const MAX_MAILBOX_SOURCES = 1000;

/** One number, or two: ids are compared number by number, one that lacks the second counting as 0. */
export const MAILBOX_ID = /^\d{1,15}(?:-\d{1,15})?$/;

/** Orders ids: negative, zero or positive. @throws {InputError} `M2M_USAGE` if one is none */
export function compareMailboxIds(one: string, other: string): number {
  const [a, b] = [parseMailboxId(one), parseMailboxId(other)];
  return a[0] - b[0] || a[1] - b[1];
}

/** The two numbers of an id. @throws {InputError} `M2M_USAGE` if it is none */
export function parseMailboxId(id: string): [first: number, second: number] {
  if (!MAILBOX_ID.test(id)) {
    throw new InputError("M2M_USAGE", "That is no id of a message in a mailbox.", {
      hint: "Give the id of the last message that was taken.",
    });
  }
  const [first, second = "0"] = id.split("-");
  return [Number(first), Number(second)];
}
