import { randomUUID } from "node:crypto";
import type { StreamsSnapshot } from "../flow/index.js";
import { takenOver, type ClaimKeeper } from "./claims.js";
import { progressName, type AiTcpStore, type ProgressRecord } from "./records.js";

/**
 * Keeps how far one session is in a store that processes share. Who takes the session over makes all that others keep afterwards fail.
 * What is asked of it is done one by one, in order.
 */
export class ProgressKeeper implements ClaimKeeper {
  readonly #store: AiTcpStore;
  readonly #name: string;
  readonly #lifetimeMs: number;
  readonly #nowMs: () => number;
  /** Tells what this keeper has written from what others have: a store that did not answer may have kept it. */
  readonly #writer = randomUUID();
  #revision: number | undefined;
  #streams: StreamsSnapshot | undefined;
  #isDropped = false;
  #last: Promise<unknown> = Promise.resolve();

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
   * @throws {ProtocolError} `M2M_SESSION_MISMATCH` if a third process was faster; {M2MError} what the store throws
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
  isOwn(): Promise<boolean> {
    return this.#inTurn(async () => (await this.#read())?.writer === this.#writer);
  }

  /** @throws {ProtocolError} `M2M_SESSION_MISMATCH` if another process has the session; {M2MError} what the store throws */
  keep(streams: StreamsSnapshot): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isDropped) throw takenOver();
      this.#streams = streams;
      if (await this.#put(streams, this.#lifetimeMs)) return;
      const held = await this.#read();
      if (held?.writer !== this.#writer) throw takenOver();
      this.#revision = held.revision;
      if (!(await this.#put(streams, this.#lifetimeMs))) throw takenOver();
    });
  }

  /** The session is over: nobody can go on with it, unless another process does so already. Never throws: it expires by itself. */
  async drop(): Promise<void> {
    try {
      await this.#inTurn(async () => {
        this.#isDropped = true;
        // Only what this keeper has written goes.
        if (this.#streams) await this.#put(this.#streams, 0);
      });
    } catch {
      // It expires.
    }
  }

  async #put(streams: StreamsSnapshot, lifetimeMs: number): Promise<boolean> {
    const revision = (this.#revision ?? 0) + 1;
    const record: ProgressRecord = { id: this.#name, revision, writer: this.#writer, streams };
    const isKept = await this.#store.put(record, {
      expiresAtMs: this.#nowMs() + lifetimeMs,
      ...(this.#revision !== undefined && { replaces: this.#revision }),
    });
    if (isKept) this.#revision = revision;
    return isKept;
  }

  async #read(): Promise<ProgressRecord | undefined> {
    return (await this.#store.get(this.#name)) as ProgressRecord | undefined;
  }

  #inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
