import { LruMap } from "../shared/lru-map.js";
import { partitionPoint } from "../shared/partition-point.js";
import { MAX_TIMER_MS } from "../shared/timers.js";
import { utf8Length } from "../shared/utf8.js";
import { positiveInteger } from "../shared/bounds.js";
import {
  DEFAULT_READ_LIMIT,
  MAX_MAILBOX_SOURCES,
  parseMailboxId,
  type Mailbox,
  type MailboxEntry,
  type MailboxPutOptions,
  type MailboxReadOptions,
} from "./mailbox.js";
import { mailboxFull } from "./refusals.js";

export interface MemoryMailboxOptions {
  /** Most entries of one mailbox. Default 1000. */
  readonly maxEntries?: number;
  /** Most bytes of the messages of one mailbox. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Most mailboxes. Default 10,000. */
  readonly maxMailboxes?: number;
  /** Most bytes of the messages of all mailboxes. Default 256 MiB. */
  readonly maxTotalBytes?: number;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

interface Entry extends MailboxEntry {
  /** Its id. */
  readonly number: number;
  readonly sizeBytes: number;
}

interface Box {
  /** By their numbers, which grow. */
  readonly entries: Entry[];
  sizeBytes: number;
  expiresAtMs: number;
  /** The last sequence of each sender. */
  readonly sequences: LruMap<string, number>;
}

const MIB = 1024 * 1024;

/** Mailboxes in the memory of this process: as safe as the process is. What does not fit is refused, never dropped. */
export class MemoryMailbox implements Mailbox {
  readonly #boxes = new Map<string, Box>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #limits: Required<Omit<MemoryMailboxOptions, "nowMs">>;
  readonly #nowMs: () => number;
  /** Of all mailboxes, so that the ids of one that is made again go on. */
  #lastId = 0;
  #totalBytes = 0;
  /** No mailbox expires before it. */
  #nextExpiryMs = Infinity;

  /** @throws {InputError} `M2M_USAGE` */
  constructor({ nowMs = Date.now, ...limits }: MemoryMailboxOptions = {}) {
    this.#nowMs = nowMs;
    this.#limits = {
      maxEntries: positiveInteger("maxEntries", limits.maxEntries ?? 1000),
      maxBytes: positiveInteger("maxBytes", limits.maxBytes ?? 64 * MIB),
      maxMailboxes: positiveInteger("maxMailboxes", limits.maxMailboxes ?? 10_000),
      maxTotalBytes: positiveInteger("maxTotalBytes", limits.maxTotalBytes ?? 256 * MIB),
    };
  }

  async put(
    sessionId: string,
    message: string,
    { expiresAtMs = Infinity, source }: MailboxPutOptions = {},
  ): Promise<string> {
    const sizeBytes = utf8Length(message);
    const found = this.#find(sessionId);
    if (found && source && source.sequence <= (found.sequences.get(source.id) ?? -1)) {
      return found.entries.at(-1)?.id ?? String(this.#lastId);
    }
    this.#assertRoom(found, sizeBytes);
    const box = found ?? {
      entries: [],
      sizeBytes: 0,
      expiresAtMs: 0,
      sequences: new LruMap<string, number>(MAX_MAILBOX_SOURCES),
    };
    this.#boxes.set(sessionId, box);
    const number = ++this.#lastId;
    const id = String(number);
    box.entries.push({ id, number, message, sizeBytes });
    box.sizeBytes += sizeBytes;
    this.#totalBytes += sizeBytes;
    if (source) box.sequences.set(source.id, source.sequence);
    box.expiresAtMs = Math.max(box.expiresAtMs, expiresAtMs);
    this.#nextExpiryMs = Math.min(this.#nextExpiryMs, box.expiresAtMs);
    for (const wake of this.#waiting.get(sessionId) ?? []) wake();
    return id;
  }

  async read(sessionId: string, options: MailboxReadOptions = {}): Promise<readonly MailboxEntry[]> {
    const { after, limit = DEFAULT_READ_LIMIT, waitMs = 0, signal } = options;
    const numberAfter = after === undefined ? 0 : numberOf(after);
    const take = (): MailboxEntry[] => {
      const entries = this.#find(sessionId)?.entries ?? [];
      const from = indexBehind(entries, numberAfter);
      return entries.slice(from, from + limit).map(({ id, message }) => ({ id, message }));
    };
    signal?.throwIfAborted();
    const entries = take();
    if (entries.length > 0 || waitMs <= 0) return entries;
    const deadlineMs = performance.now() + waitMs;
    for (;;) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) return [];
      await this.#arrival(sessionId, leftMs, signal);
      const arrived = take();
      if (arrived.length > 0) return arrived;
    }
  }

  async acknowledge(sessionId: string, upTo: string): Promise<void> {
    const number = numberOf(upTo);
    const box = this.#find(sessionId);
    if (!box) return;
    const done = box.entries.splice(0, indexBehind(box.entries, number));
    const freed = done.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    box.sizeBytes -= freed;
    this.#totalBytes -= freed;
  }

  async delete(sessionId: string): Promise<void> {
    this.#remove(sessionId);
  }

  /** Resolves when something is put into the mailbox, or the time is over; a signal's reason is thrown. */
  #arrival(sessionId: string, leftMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(sessionId) ?? new Set();
      this.#waiting.set(sessionId, waiting);
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", aborted);
        waiting.delete(done);
        if (waiting.size === 0 && this.#waiting.get(sessionId) === waiting) this.#waiting.delete(sessionId);
        resolve();
      };
      const aborted = (): void => {
        reject(signal?.reason as Error);
        done();
      };
      const timer = setTimeout(done, Math.min(leftMs, MAX_TIMER_MS));
      signal?.addEventListener("abort", aborted, { once: true });
      waiting.add(done);
    });
  }

  #find(sessionId: string): Box | undefined {
    const box = this.#boxes.get(sessionId);
    if (!box || box.expiresAtMs > this.#nowMs()) return box;
    this.#remove(sessionId);
    return undefined;
  }

  #remove(sessionId: string): void {
    this.#totalBytes -= this.#boxes.get(sessionId)?.sizeBytes ?? 0;
    this.#boxes.delete(sessionId);
  }

  #assertRoom(box: Box | undefined, sizeBytes: number): void {
    const { maxEntries, maxBytes, maxMailboxes, maxTotalBytes } = this.#limits;
    const isFull = (): boolean =>
      this.#totalBytes + sizeBytes > maxTotalBytes || (!box && this.#boxes.size >= maxMailboxes);
    if (isFull()) this.#sweep();
    const entries = box?.entries.length ?? 0;
    if (!isFull() && entries < maxEntries && (box?.sizeBytes ?? 0) + sizeBytes <= maxBytes) return;
    throw mailboxFull();
  }

  #sweep(): void {
    const nowMs = this.#nowMs();
    if (nowMs < this.#nextExpiryMs) return;
    this.#nextExpiryMs = Infinity;
    for (const [sessionId, { expiresAtMs }] of this.#boxes) {
      if (expiresAtMs <= nowMs) this.#remove(sessionId);
      else this.#nextExpiryMs = Math.min(this.#nextExpiryMs, expiresAtMs);
    }
  }
}

/** Ids of this store are one number, and what has a second one stands behind its first and before the next. @throws {InputError} `M2M_USAGE` */
function numberOf(id: string): number {
  return parseMailboxId(id)[0];
}

/** Where the first entry stands whose number is greater. */
function indexBehind(entries: readonly Entry[], number: number): number {
  return partitionPoint(entries.length, (index) => entries[index].number <= number);
}
