import { positiveInteger } from "../shared/bounds.js";
import { InputError } from "../shared/errors.js";
import { MemoryRecordStore, type PutOptions, type RecordStore } from "../shared/record-store.js";
import { sessionsFull } from "./refusals.js";
import type { SessionSnapshot } from "./snapshot.js";

export type { PutOptions };

/** Where servers keep sessions, so that any of them can go on with one. Full, it throws `M2M_SESSIONS_FULL`. */
export type SessionStore = RecordStore<SessionSnapshot>;

export interface MemorySessionStoreOptions {
  /** Default 10,000. */
  readonly maxSessions?: number;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

const DEFAULT_MAX_SESSIONS = 10_000;

/** Sessions in the memory of this process. Full, it refuses new ones, as the protocol can say so (RATE_LIMITED). */
export class MemorySessionStore extends MemoryRecordStore<SessionSnapshot> {
  /** @throws {InputError} `M2M_USAGE` */
  constructor({ maxSessions = DEFAULT_MAX_SESSIONS, nowMs }: MemorySessionStoreOptions = {}) {
    super({ maxRecords: positiveInteger("maxSessions", maxSessions), fullError: sessionsFull, nowMs });
  }

  /** @throws {InputError} `M2M_USAGE` for a session that has no id yet */
  override async put(snapshot: SessionSnapshot, options?: PutOptions): Promise<boolean> {
    assertKeepable(snapshot);
    return super.put(snapshot, options);
  }
}

/** @throws {InputError} `M2M_USAGE` for a session that has no id yet */
export function assertKeepable({ id }: SessionSnapshot): void {
  if (id === undefined) throw new InputError("M2M_USAGE", "A session without an id cannot be kept.");
}
