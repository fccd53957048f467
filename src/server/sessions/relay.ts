import type { ContentScanner } from "../../codec/index.js";
import {
  CHANNEL_EXTENSION,
  DEFAULT_TIMING,
  writeMessage,
  type DataMessage,
  type MailboxSource,
  type Session,
  type SessionSnapshot,
} from "../../session/index.js";
import type { ResolvedServiceOptions } from "./options.js";
import type { SessionRecords } from "./records.js";
import { isOver } from "./replies.js";

/** As session ids: part of keys of stores. */
const CHANNEL_NAME = /^[\w.:~-]{1,128}$/;

/** A content that one member of a channel sends to the others. */
export interface Relayed {
  readonly content: Uint8Array;
  /** Of the sender, and of the message if it is numbered. */
  readonly senderId: string;
  readonly source?: MailboxSource;
  readonly scanner: ContentScanner | undefined;
}

interface Addressed {
  readonly sessionId: string;
  readonly message: string;
}

/** The channel that a HELLO asks for; a name that cannot be one is not agreed. */
export function requestedChannel(extensions: ReadonlyMap<string, string> | undefined): string | undefined {
  const name = extensions?.get(CHANNEL_EXTENSION);
  return name !== undefined && CHANNEL_NAME.test(name) ? name : undefined;
}

export function channelOf(session: Session): string | undefined {
  return session.agreed?.extensions.get(CHANNEL_EXTENSION);
}

/** Who is in which channel, and the way from one member to the others. */
export class ChannelRelay {
  readonly #options: ResolvedServiceOptions;
  readonly #records: SessionRecords;
  /** Time without activity after which a session ends. */
  readonly #idleMs: number;

  constructor(options: ResolvedServiceOptions, records: SessionRecords) {
    this.#options = options;
    this.#records = records;
    this.#idleMs = options.timing?.idleMs ?? DEFAULT_TIMING.idleMs;
  }

  async join(channel: string, sessionId: string): Promise<void> {
    // Twice, so that it need not be renewed with every message.
    const expiresAtMs = this.#options.nowMs() + 2 * this.#idleMs;
    await this.#options.channels.join(channel, sessionId, expiresAtMs === Infinity ? undefined : expiresAtMs);
  }

  /** Keeps an active member in its channel: once in half the time after which an idle one ends. */
  async renew(channel: string, session: Session, before: SessionSnapshot): Promise<void> {
    const slot = (activeAtMs: number): number => Math.floor(activeAtMs / (this.#idleMs / 2));
    if (slot(session.toJSON().liveness.activeAtMs) === slot(before.liveness.activeAtMs)) return;
    await this.join(channel, session.id as string);
  }

  async leave(channel: string, sessionId: string): Promise<void> {
    await this.#options.channels.leave(channel, sessionId);
  }

  /**
   * Puts a content into the mailboxes of all other members, as what each of them agreed to.
   * @returns how many there are
   * @throws {M2MError} if one of them cannot take it: then none gets it, unless that is a mailbox which is full
   */
  async send(channel: string, relayed: Relayed): Promise<number> {
    const members = await this.#options.channels.members(channel);
    const alike = new Map<string, Promise<DataMessage>>();
    const found = await Promise.all(
      members.filter((id) => id !== relayed.senderId).map((id) => this.#address(channel, id, relayed, alike)),
    );
    const addressed = found.filter((one) => one !== undefined);
    const { mailbox, limits, nowMs } = this.#options;
    const options = { expiresAtMs: nowMs() + limits.retentionMs, source: relayed.source };
    await Promise.all(addressed.map(({ sessionId, message }) => mailbox.put(sessionId, message, options)));
    return addressed.length;
  }

  /** The message for one member; `undefined` if it is none any more. */
  async #address(
    channel: string,
    sessionId: string,
    { content, scanner }: Relayed,
    alike: Map<string, Promise<DataMessage>>,
  ): Promise<Addressed | undefined> {
    const member = await this.#member(channel, sessionId, scanner);
    if (!member) return undefined;
    // Members that agreed to the same get the same wire.
    const { agreed } = member;
    const key = JSON.stringify([agreed, member.local.security]);
    const sealing = alike.get(key) ?? member.send(content);
    alike.set(key, sealing);
    try {
      // That another's session ended while it was sealed says nothing of this one.
      const sealed = await sealing.catch(() => member.send(content));
      return { sessionId, message: writeMessage({ ...sealed, sessionId }, { version: agreed?.version }) };
    } catch (error) {
      if (!isOver(error)) throw error;
      await this.leave(channel, sessionId);
      return undefined;
    }
  }

  async #member(
    channel: string,
    sessionId: string,
    scanner: ContentScanner | undefined,
  ): Promise<Session | undefined> {
    try {
      const member = await this.#records.read(sessionId, scanner);
      const expiresAtMs = member.expiresAtMs() ?? Infinity;
      if (channelOf(member) === channel && expiresAtMs > this.#options.nowMs()) return member;
    } catch (error) {
      if (!isOver(error)) throw error;
    }
    await this.leave(channel, sessionId);
    return undefined;
  }
}
