import { positiveInteger } from "../../shared/bounds.js";
import type { ResponseCacheStore } from "../../shared/stores.js";

export interface MemoryResponseStoreOptions {
  /** Room for keys and values together. Default 64 MiB. */
  readonly maxBytes?: number;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

interface Entry {
  readonly value: Uint8Array;
  readonly sizeBytes: number;
  readonly expiresAtMs: number;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** What an entry takes beside its key and value, about. */
const ENTRY_BYTES = 256;

/** Answers in the memory of this process. When it is full the least recently used go. */
export class MemoryResponseStore implements ResponseCacheStore {
  readonly #maxBytes: number;
  readonly #nowMs: () => number;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** @throws {InputError} `M2M_USAGE` */
  constructor({ maxBytes = DEFAULT_MAX_BYTES, nowMs = Date.now }: MemoryResponseStoreOptions = {}) {
    this.#maxBytes = positiveInteger("maxBytes", maxBytes);
    this.#nowMs = nowMs;
  }

  /** Bytes that are taken. */
  get sizeBytes(): number {
    return this.#bytes;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#delete(key, entry);
    if (entry.expiresAtMs <= this.#nowMs()) return undefined;
    this.#add(key, entry);
    return entry.value;
  }

  async set(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    const known = this.#entries.get(key);
    if (known) this.#delete(key, known);
    const sizeBytes = ENTRY_BYTES + 2 * key.length + value.byteLength;
    if (!(ttlMs > 0) || sizeBytes > this.#maxBytes) return;
    // A view may hold on to a buffer many times its size.
    const own = value.byteLength === value.buffer.byteLength ? value : Uint8Array.from(value);
    this.#add(key, { value: own, sizeBytes, expiresAtMs: this.#nowMs() + ttlMs });
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#delete(oldest, entry);
    }
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.sizeBytes;
  }

  #delete(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.sizeBytes;
  }
}
