import { positiveInteger } from "../shared/bounds.js";
import type { ChannelDirectory } from "./mailbox.js";
import { channelsFull, membersFull } from "./refusals.js";

export interface MemoryChannelDirectoryOptions {
  /** Most members of one channel. Default 100: each message goes to all of them. */
  readonly maxMembers?: number;
  /** Most channels. Default 10,000. */
  readonly maxChannels?: number;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

/** Channels in the memory of this process. */
export class MemoryChannelDirectory implements ChannelDirectory {
  /** By channel, when each member's time is over. */
  readonly #channels = new Map<string, Map<string, number>>();
  readonly #maxMembers: number;
  readonly #maxChannels: number;
  readonly #nowMs: () => number;

  /** @throws {InputError} `M2M_USAGE` */
  constructor({
    maxMembers = 100,
    maxChannels = 10_000,
    nowMs = Date.now,
  }: MemoryChannelDirectoryOptions = {}) {
    this.#maxMembers = positiveInteger("maxMembers", maxMembers);
    this.#maxChannels = positiveInteger("maxChannels", maxChannels);
    this.#nowMs = nowMs;
  }

  async join(channel: string, sessionId: string, expiresAtMs: number = Infinity): Promise<void> {
    const members = this.#live(channel) ?? this.#open(channel);
    if (!members.has(sessionId) && members.size >= this.#maxMembers) {
      throw membersFull(this.#maxMembers);
    }
    members.set(sessionId, expiresAtMs);
  }

  async leave(channel: string, sessionId: string): Promise<void> {
    const members = this.#channels.get(channel);
    members?.delete(sessionId);
    if (members?.size === 0) this.#channels.delete(channel);
  }

  async members(channel: string): Promise<readonly string[]> {
    return [...(this.#live(channel)?.keys() ?? [])];
  }

  /** The members whose time is not over; `undefined` if there is none. */
  #live(channel: string): Map<string, number> | undefined {
    const members = this.#channels.get(channel);
    if (!members) return undefined;
    const nowMs = this.#nowMs();
    for (const [sessionId, expiresAtMs] of members) if (expiresAtMs <= nowMs) members.delete(sessionId);
    if (members.size > 0) return members;
    this.#channels.delete(channel);
    return undefined;
  }

  #open(channel: string): Map<string, number> {
    if (this.#channels.size >= this.#maxChannels) {
      for (const name of [...this.#channels.keys()]) this.#live(name);
    }
    if (this.#channels.size >= this.#maxChannels) {
      throw channelsFull(this.#maxChannels);
    }
    const members = new Map<string, number>();
    this.#channels.set(channel, members);
    return members;
  }
}
