import { positiveInteger } from "../../shared/bounds.js";
import { LruMap } from "../../shared/lru-map.js";
import type { ResponseCacheStore } from "../../shared/stores.js";

export interface MemoryResponseStoreOptions {
  /** Room for keys and values together. Default 64 MiB. */
  readonly maxBytes?: number;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

interface Entry {
  readonly value: Uint8Array;
  readonly expiresAtMs: number;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** What an entry takes beside its key and value, about. */
const ENTRY_BYTES = 256;

/** Answers in the memory of this process. When it is full the least recently used go. */
export class MemoryResponseStore implements ResponseCacheStore {
  readonly #nowMs: () => number;
  readonly #entries: LruMap<string, Entry>;

  /** @throws {InputError} `M2M_USAGE` */
  constructor({ maxBytes = DEFAULT_MAX_BYTES, nowMs = Date.now }: MemoryResponseStoreOptions = {}) {
    this.#entries = new LruMap(
      positiveInteger("maxBytes", maxBytes),
      ({ value }, key) => ENTRY_BYTES + 2 * key.length + value.byteLength,
    );
    this.#nowMs = nowMs;
  }

  /** Bytes that are taken. */
  get sizeBytes(): number {
    return this.#entries.weight;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const entry = this.#entries.get(key);
    if (!entry || entry.expiresAtMs > this.#nowMs()) return entry?.value;
    this.#entries.delete(key);
    return undefined;
  }

  async set(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    this.#entries.delete(key);
    if (!(ttlMs > 0)) return;
    // A view may hold on to a buffer many times its size.
    const own = value.byteLength === value.buffer.byteLength ? value : Uint8Array.from(value);
    this.#entries.set(key, { value: own, expiresAtMs: this.#nowMs() + ttlMs });
  }
}
