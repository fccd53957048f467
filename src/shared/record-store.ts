import type { LimitError } from "./errors.js";

/** What a store keeps: JSON with a name and a revision. */
export interface StoredRecord {
  readonly id?: string;
  readonly revision: number;
}

export interface PutOptions {
  /** Milliseconds since 1970 from which the record is not there any more; absent: never. */
  readonly expiresAtMs?: number;
  /** The revision that the store is thought to have; absent: the record is new. */
  readonly replaces?: number;
}

/** Where servers keep records, so that any of them can go on with one. */
export interface RecordStore<T extends StoredRecord> {
  /** `undefined` if there is none, or none any more. */
  get(id: string): Promise<T | undefined>;
  /**
   * Keeps a record.
   * @returns false, and keeps what it has, if that is not the revision to be replaced: somebody else was faster
   * @throws {LimitError} if there is no room for a new one
   */
  put(record: T, options?: PutOptions): Promise<boolean>;
  /** Whether there was one: of several that delete, one is told so. */
  delete(id: string): Promise<boolean>;
  count(): Promise<number>;
}

export interface MemoryRecordStoreOptions {
  readonly maxRecords: number;
  /** What a new one is refused with when the store is full. */
  readonly fullError: (maxRecords: number) => LimitError;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

interface Entry {
  /** As JSON: what a caller holds and changes is not what is kept. */
  readonly json: string;
  readonly revision: number;
  readonly expiresAtMs: number;
}

/** Records in the memory of this process. When it is full it refuses new ones: evicting would let a stranger end what others have. */
export class MemoryRecordStore<T extends StoredRecord> implements RecordStore<T> {
  readonly #entries = new Map<string, Entry>();
  readonly #maxRecords: number;
  readonly #fullError: (maxRecords: number) => LimitError;
  readonly #nowMs: () => number;
  /** No entry expires before it: a full store is searched for expired ones only if it can have some. */
  #nextExpiryMs = Infinity;

  constructor({ maxRecords, fullError, nowMs = Date.now }: MemoryRecordStoreOptions) {
    this.#maxRecords = maxRecords;
    this.#fullError = fullError;
    this.#nowMs = nowMs;
  }

  async get(id: string): Promise<T | undefined> {
    const entry = this.#find(id);
    return entry && (JSON.parse(entry.json) as T);
  }

  async put(record: T, { expiresAtMs = Infinity, replaces }: PutOptions = {}): Promise<boolean> {
    const { id, revision } = record;
    if (id === undefined) throw new TypeError("a record that is kept has an id");
    if (this.#find(id)?.revision !== replaces) return false;
    if (!this.#entries.has(id)) this.#makeRoom();
    const json = JSON.stringify(record);
    // The engine keeps a new text as a tree of its parts, four times as large, until somebody looks into it.
    json.charCodeAt(0);
    this.#entries.set(id, { json, revision, expiresAtMs });
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
    if (this.#entries.size < this.#maxRecords) return;
    this.#sweep();
    if (this.#entries.size < this.#maxRecords) return;
    throw this.#fullError(this.#maxRecords);
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
