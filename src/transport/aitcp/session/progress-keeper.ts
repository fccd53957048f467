import { ProtocolError } from "../../../shared/errors.js";
import type { StreamsSnapshot } from "../flow/index.js";
import type { ClaimKeeper } from "./claims.js";
import { progressName, type AiTcpStore, type ProgressRecord } from "./records.js";

/** Keeps how far one session is in a store that processes share. Who takes the session over makes all that others keep afterwards fail. */
export class ProgressKeeper implements ClaimKeeper {
  readonly #store: AiTcpStore;
  readonly #name: string;
  readonly #lifetimeMs: number;
  readonly #nowMs: () => number;
  #revision: number | undefined;

  private constructor(store: AiTcpStore, name: string, lifetimeMs: number, nowMs: () => number) {
    this.#store = store;
    this.#name = name;
    this.#lifetimeMs = lifetimeMs;
    this.#nowMs = nowMs;
  }

  /** Of a session that begins here. @throws {M2MError} what the store throws */
  static async begin(
    store: AiTcpStore,
    sessionId: Uint8Array,
    streams: StreamsSnapshot,
    lifetimeMs: number,
    nowMs: () => number,
  ): Promise<ProgressKeeper> {
    const keeper = new ProgressKeeper(store, progressName(sessionId), lifetimeMs, nowMs);
    await keeper.keep(streams);
    return keeper;
  }

  /**
   * Of a session that another process had.
   * @returns `undefined` if the store knows nothing of it
   * @throws {M2MError} what the store throws
   */
  static async takeOver(
    store: AiTcpStore,
    sessionId: Uint8Array,
    lifetimeMs: number,
    nowMs: () => number,
  ): Promise<{ keeper: ProgressKeeper; streams: StreamsSnapshot } | undefined> {
    const record = (await store.get(progressName(sessionId))) as ProgressRecord | undefined;
    if (!record) return undefined;
    const keeper = new ProgressKeeper(store, progressName(sessionId), lifetimeMs, nowMs);
    keeper.#revision = record.revision;
    await keeper.keep(record.streams);
    return { keeper, streams: record.streams };
  }

  /** Whether the session is still this process's. @throws {M2MError} what the store throws */
  async isOwn(): Promise<boolean> {
    return (await this.#store.get(this.#name))?.revision === this.#revision;
  }

  /** @throws {ProtocolError} `M2M_SESSION_MISMATCH` if another process has the session; {M2MError} what the store throws */
  async keep(streams: StreamsSnapshot): Promise<void> {
    const revision = (this.#revision ?? 0) + 1;
    const record: ProgressRecord = { id: this.#name, revision, streams };
    const isKept = await this.#store.put(record, {
      expiresAtMs: this.#nowMs() + this.#lifetimeMs,
      ...(this.#revision !== undefined && { replaces: this.#revision }),
    });
    if (!isKept) throw new ProtocolError("M2M_SESSION_MISMATCH", "Another process goes on with the session.");
    this.#revision = revision;
  }

  /** The session is over. Never throws: it expires by itself. */
  async drop(): Promise<void> {
    try {
      await this.#store.delete(this.#name);
    } catch {
      // It expires.
    }
  }
}
