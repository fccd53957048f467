/** How the workers of one server tell each other what they have counted: through the first process, which asks them all. */
import type { Worker } from "node:cluster";
import { mergeSnapshots, totalsOf, type MetricsSnapshot } from "../http/index.js";

/** A worker that does not answer in this time is counted by what it has said before. */
const WORKER_ANSWER_MS = 1000;
/** The first process has to wait for all of them. */
const FIRST_ANSWER_MS = 2 * WORKER_ANSWER_MS;

/** Between a worker and the first process, either way. */
interface Question {
  readonly metrics: "ask";
  readonly id: number;
  /** What the worker that asks has counted itself. */
  readonly own?: MetricsSnapshot;
}
interface Answer {
  readonly metrics: "answer";
  readonly id: number;
  readonly snapshots: readonly MetricsSnapshot[];
}
type MetricsMessage = Question | Answer;

/** Questions that wait for their answers. */
class Questions {
  readonly #waiting = new Map<number, (snapshots: readonly MetricsSnapshot[] | undefined) => void>();
  readonly #timeoutMs: number;
  #count = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** @returns `undefined` if no answer comes in time */
  ask(send: (id: number) => void): Promise<readonly MetricsSnapshot[] | undefined> {
    const id = this.#count++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(id, undefined), this.#timeoutMs);
      this.#waiting.set(id, (snapshots) => {
        clearTimeout(timer);
        resolve(snapshots);
      });
      send(id);
    });
  }

  take({ id, snapshots }: Answer): void {
    this.#settle(id, snapshots);
  }

  #settle(id: number, snapshots: readonly MetricsSnapshot[] | undefined): void {
    this.#waiting.get(id)?.(snapshots);
    this.#waiting.delete(id);
  }
}

/** In the first process: what the workers have counted, those that have ended too, so that no sum goes back. */
export class WorkerMetrics {
  readonly #questions = new Questions(WORKER_ANSWER_MS);
  readonly #workers = new Set<Worker>();
  readonly #last = new Map<Worker, MetricsSnapshot>();
  /** Totals of workers that have ended. */
  #ended: Promise<MetricsSnapshot> = Promise.resolve([]);

  /** To be told of each worker as soon as it listens. */
  add(worker: Worker): void {
    this.#workers.add(worker);
    worker.on("message", (message: MetricsMessage) => {
      if (message.metrics === "answer") this.#questions.take(message);
      else if (message.metrics === "ask") void this.#answer(worker, message);
    });
    worker.once("exit", () => this.#retire(worker));
  }

  async #answer(asking: Worker, { id, own }: Question): Promise<void> {
    if (own) this.#last.set(asking, own);
    const others = [...this.#workers].filter((one) => one !== asking);
    await Promise.all(others.map((worker) => this.#look(worker)));
    const ended = await this.#ended;
    const alive = others.map((worker) => this.#last.get(worker)).filter((one) => one !== undefined);
    send(asking, { metrics: "answer", id, snapshots: [...alive, ended] });
  }

  /** Notes what a worker has counted until now, if it says so in time. */
  async #look(worker: Worker): Promise<void> {
    const answer = await this.#questions.ask((id) => send(worker, { metrics: "ask", id }));
    if (answer && !worker.isDead()) this.#last.set(worker, answer[0]);
  }

  #retire(worker: Worker): void {
    this.#workers.delete(worker);
    const last = this.#last.get(worker);
    this.#last.delete(worker);
    if (last) this.#ended = this.#ended.then((ended) => mergeSnapshots([ended, totalsOf(last)]));
  }
}

/**
 * In a worker: answers what the first process asks.
 * @param snapshot of this worker
 */
export function tellMetrics(snapshot: () => Promise<MetricsSnapshot>): void {
  process.on("message", ({ metrics, id }: MetricsMessage) => {
    if (metrics !== "ask") return;
    void snapshot().then((own) => process.send?.({ metrics: "answer", id, snapshots: [own] }));
  });
}

/** In a worker: what gives those of the others. @returns of none, if the first process does not answer in time */
export function otherMetrics(): (own: MetricsSnapshot) => Promise<readonly MetricsSnapshot[]> {
  const questions = new Questions(FIRST_ANSWER_MS);
  process.on("message", (message: MetricsMessage) => {
    if (message.metrics === "answer") questions.take(message);
  });
  return async (own) =>
    (await questions.ask((id) => process.send?.({ metrics: "ask", id, own } satisfies Question))) ?? [];
}

/** A worker may end meanwhile: then nobody waits for it. */
function send(worker: Worker, message: MetricsMessage): void {
  if (worker.isConnected()) worker.send(message, () => {});
}
