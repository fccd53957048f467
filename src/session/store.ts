import { positiveInteger } from "../shared/bounds.js";
import { InputError } from "../shared/errors.js";
import { sessionsFull } from "./refusals.js";
import type { SessionSnapshot } from "./snapshot.js";

export interface PutOptions {
  /** Milliseconds since 1970 from which the session is not there any more; absent: never. */
  readonly expiresAtMs?: number;
  /** The revision that the store is thought to have; absent: the session is new. */
  readonly replaces?: number;
}

/** Where servers keep sessions, so that any of them can go on with one. */
export interface SessionStore {
  /** `undefined` if there is none, or none any more. */
  get(id: string): Promise<SessionSnapshot | undefined>;
  /**
   * Keeps a session.
   * @returns false, and keeps what it has, if that is not the revision to be replaced: somebody else was faster
   * @throws {LimitError} `M2M_SESSIONS_FULL` if there is no room for a new one
   */
  put(snapshot: SessionSnapshot, options?: PutOptions): Promise<boolean>;
  /** Whether there was one. */
  delete(id: string): Promise<boolean>;
  count(): Promise<number>;
}

export interface MemorySessionStoreOptions {
  /** Default 10,000. */
  readonly maxSessions?: number;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

interface Entry {
  /** As JSON: what a caller holds and changes is not what is kept. */
  readonly json: string;
  readonly revision: number;
  readonly expiresAtMs: number;
}

const DEFAULT_MAX_SESSIONS = 10_000;

/**
 * Sessions in the memory of this process. When it is full it refuses new sessions, as the protocol can say so
 * (RATE_LIMITED); evicting would let a stranger end other people's sessions by beginning his own.
 */
export class MemorySessionStore implements SessionStore {
  readonly #entries = new Map<string, Entry>();
  readonly #maxSessions: number;
  readonly #nowMs: () => number;
  /** No entry expires before it: a full store is searched for expired ones only if it can have some. */
  #nextExpiryMs = Infinity;

  /** @throws {InputError} `M2M_USAGE` */
  constructor({ maxSessions = DEFAULT_MAX_SESSIONS, nowMs = Date.now }: MemorySessionStoreOptions = {}) {
    this.#maxSessions = positiveInteger("maxSessions", maxSessions);
    this.#nowMs = nowMs;
  }

  async get(id: string): Promise<SessionSnapshot | undefined> {
    const entry = this.#find(id);
    return entry && (JSON.parse(entry.json) as SessionSnapshot);
  }

  async put(
    snapshot: SessionSnapshot,
    { expiresAtMs = Infinity, replaces }: PutOptions = {},
  ): Promise<boolean> {
    const { id, revision } = snapshot;
    if (id === undefined) throw new InputError("M2M_USAGE", "A session without an id cannot be kept.");
    if (this.#find(id)?.revision !== replaces) return false;
    if (!this.#entries.has(id)) this.#makeRoom();
    this.#entries.set(id, { json: JSON.stringify(snapshot), revision, expiresAtMs });
    this.#nextExpiryMs = Math.min(this.#nextExpiryMs, expiresAtMs);
    return true;
  }

  async delete(id: string): Promise<boolean> {
    return this.#find(id) !== undefined && this.#entries.delete(id);
  }

  async count(): Promise<number> {
    this.#sweep();
    return this.#entries.size;
  }

  #find(id: string): Entry | undefined {
    const entry = this.#entries.get(id);
    if (!entry || entry.expiresAtMs > this.#nowMs()) return entry;
    this.#entries.delete(id);
    return undefined;
  }

  #makeRoom(): void {
    if (this.#entries.size < this.#maxSessions) return;
    this.#sweep();
    if (this.#entries.size < this.#maxSessions) return;
    throw sessionsFull(this.#maxSessions);
  }

  #sweep(): void {
    const nowMs = this.#nowMs();
    if (nowMs < this.#nextExpiryMs) return;
    this.#nextExpiryMs = Infinity;
    for (const [id, { expiresAtMs }] of this.#entries) {
      if (expiresAtMs <= nowMs) this.#entries.delete(id);
      else this.#nextExpiryMs = Math.min(this.#nextExpiryMs, expiresAtMs);
    }
  }
}
