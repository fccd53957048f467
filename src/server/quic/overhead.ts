const BURST_BYTES = 2 ** 20;
const REFILL_BYTES_PER_MS = 1;
/** A byte of content pays for itself, its packets' headers, and about as much again. */
const PAID_BY_CONTENT = 2;
/** What is sent is acknowledged. */
const PAID_BY_SENT = 0.5;

/** What a connection has carried since it began, in bytes. */
export interface Carried {
  /** Of packets that were the peer's own. */
  readonly received: number;
  readonly sent: number;
  /** Read from streams. */
  readonly content: number;
}

/**
 * How much a peer may send that is no content of streams. quiche 0.18 keeps some of it without a bound of its own
 * (CVE-2023-6193, CVE-2024-1410, CVE-2024-1765); this makes a connection that lives by it short.
 */
export class OverheadBudget {
  #balanceBytes = BURST_BYTES;
  #atMs: number;
  #before: Carried = { received: 0, sent: 0, content: 0 };

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** Counts what was carried since the last call. @returns whether the peer has gone too far */
  exceeds(carried: Carried, nowMs: number): boolean {
    const { received, sent, content } = this.#before;
    const earned =
      (nowMs - this.#atMs) * REFILL_BYTES_PER_MS +
      (carried.content - content) * PAID_BY_CONTENT +
      (carried.sent - sent) * PAID_BY_SENT;
    const balance = this.#balanceBytes + earned - (carried.received - received);
    this.#balanceBytes = Math.min(BURST_BYTES, balance);
    this.#atMs = nowMs;
    this.#before = carried;
    return balance < 0;
  }
}
