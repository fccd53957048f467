import { assertKeepable, sessionsFull, type SessionSnapshot } from "../session/index.js";
import { positiveInteger } from "../shared/bounds.js";
import type { PutOptions } from "../shared/record-store.js";
import type { RedisConnection } from "./connection.js";
import { RedisRecordStore } from "./record-store.js";

export interface RedisSessionStoreOptions {
  /** Of all processes together. Default 1,000,000. */
  readonly maxSessions?: number;
  /** The clock that times of expiry are by, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

const DEFAULT_MAX_SESSIONS = 1_000_000;

/** Sessions in Redis, so that every server of it can go on with them. */
export class RedisSessionStore extends RedisRecordStore<SessionSnapshot> {
  /** @throws {InputError} `M2M_USAGE` */
  constructor(
    redis: RedisConnection,
    { maxSessions = DEFAULT_MAX_SESSIONS, nowMs }: RedisSessionStoreOptions = {},
  ) {
    super(redis, {
      kind: "session",
      maxRecords: positiveInteger("maxSessions", maxSessions),
      fullError: sessionsFull,
      nowMs,
    });
  }

  /** @throws {InputError} `M2M_USAGE` for a session that has no id yet */
  override async put(snapshot: SessionSnapshot, options?: PutOptions): Promise<boolean> {
    assertKeepable(snapshot);
    return super.put(snapshot, options);
  }
}
