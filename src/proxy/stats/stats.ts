import { LatencyHistogram } from "../../http/index.js";

/** How an exchange ended. */
export type Outcome = "finished" | "failed" | "aborted";

/** Tokens of one answer, as the provider or our tokenizer counts them. */
export interface Spent {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  /** Absent where no price is known. */
  readonly costUsd?: number;
}

/** What is known of an exchange when it has ended. */
export interface ExchangeRecord {
  readonly outcome: Outcome;
  /** Absent if there was no answer to give. */
  readonly status?: number;
  readonly model?: string;
  readonly spent?: Spent;
  /** From the request's first byte to the end of its answer. */
  readonly totalMs: number;
  /** Spent in this proxy: before the upstream had the request, and on its answer. */
  readonly overheadMs?: number;
  readonly firstByteMs?: number;
  readonly requestBytes: { readonly received: number; readonly sent: number };
  readonly responseBytes: { readonly received: number; readonly sent: number };
}

export interface ModelTotals {
  requests: number;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  costUsd: number;
  /** Answers without a known price. */
  unpriced: number;
}

/** Clients choose the names of models: more than these are counted together. */
const MAX_MODELS = 200;
export const OTHER_MODELS = "(other)";
const NO_MODEL = "(none)";

const NO_COUNTS = {
  retries: 0,
  fallbacks: 0,
  threats: 0,
  blocked: 0,
  limited: 0,
  cacheHits: 0,
  cacheMisses: 0,
  savedTokens: 0,
};
type Counter = keyof typeof NO_COUNTS;

/** Counts what goes through, in constant memory. `started` is the sum of what is running and of the outcomes. */
export class ProxyStats {
  readonly startedAtMs = Date.now();
  readonly latency = new LatencyHistogram();
  readonly firstByte = new LatencyHistogram();
  readonly overhead = new LatencyHistogram();
  readonly outcomes: Record<Outcome, number> = { finished: 0, failed: 0, aborted: 0 };
  /** By hundreds: `2xx`. */
  readonly statuses = new Map<string, number>();
  readonly models = new Map<string, ModelTotals>();
  readonly counters: Record<Counter, number> = { ...NO_COUNTS };
  readonly bytes = { requestReceived: 0, requestSent: 0, responseReceived: 0, responseSent: 0 };
  #started = 0;

  get started(): number {
    return this.#started;
  }

  get active(): number {
    const { finished, failed, aborted } = this.outcomes;
    return this.#started - finished - failed - aborted;
  }

  start(): void {
    this.#started++;
  }

  count(counter: Counter, by = 1): void {
    this.counters[counter] += by;
  }

  end(record: ExchangeRecord): void {
    this.outcomes[record.outcome]++;
    this.latency.record(record.totalMs);
    if (record.firstByteMs !== undefined) this.firstByte.record(record.firstByteMs);
    if (record.overheadMs !== undefined) this.overhead.record(record.overheadMs);
    if (record.status !== undefined) {
      const group = `${Math.floor(record.status / 100)}xx`;
      this.statuses.set(group, (this.statuses.get(group) ?? 0) + 1);
    }
    this.bytes.requestReceived += record.requestBytes.received;
    this.bytes.requestSent += record.requestBytes.sent;
    this.bytes.responseReceived += record.responseBytes.received;
    this.bytes.responseSent += record.responseBytes.sent;
    this.#addModel(record);
  }

  #addModel({ model = NO_MODEL, spent }: ExchangeRecord): void {
    const name = this.models.has(model) || this.models.size < MAX_MODELS ? model : OTHER_MODELS;
    let totals = this.models.get(name);
    if (!totals) {
      totals = {
        requests: 0,
        inputTokens: 0,
        cachedInputTokens: 0,
        outputTokens: 0,
        costUsd: 0,
        unpriced: 0,
      };
      this.models.set(name, totals);
    }
    totals.requests++;
    if (!spent) return;
    totals.inputTokens += spent.inputTokens;
    totals.cachedInputTokens += spent.cachedInputTokens;
    totals.outputTokens += spent.outputTokens;
    if (spent.costUsd === undefined) totals.unpriced++;
    else totals.costUsd += spent.costUsd;
  }
}
