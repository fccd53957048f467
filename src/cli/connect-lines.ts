import { setTimeout as sleep } from "node:timers/promises";
import type { M2MClient } from "../client/index.js";
import { DEFAULT_LIMITS } from "../shared/limits.js";
import type { AlgorithmName } from "../shared/algorithms.js";
import { LimitError, M2MError, type ErrorCode } from "../shared/errors.js";
import type { RateLimitBucket } from "../shared/stores.js";
import { TokenBuckets } from "../shared/token-buckets.js";
import type { ConnectReport } from "./connect-report.js";
import { exitCodeOf } from "./errors.js";

/** Below what a server takes of a session by default, so that no line has to be sent again. */
const PACE: RateLimitBucket = { capacity: 500, refillPerSecond: 400 };
/** Lines that wait for their answers. */
const MAX_IN_FLIGHT = 32;
const RETRY_MS = 500;

/** Refusals that concern no other line. */
const OF_THE_LINE: readonly ErrorCode[] = [
  "M2M_INPUT_TOO_LARGE",
  "M2M_MESSAGE_REFUSED",
  "M2M_NOT_NEGOTIATED",
  "M2M_PAYLOAD_TOO_LARGE",
  "M2M_SCAN_FAILED",
  "M2M_SECURITY_THREAT",
  "M2M_ALGORITHM_UNSUPPORTED",
  "M2M_UTF8_INVALID",
  "M2M_JSON_INVALID",
  "M2M_JSON_TOO_DEEP",
];
/** Refusals of what may be sent again. */
const FOR_LATER: readonly ErrorCode[] = ["M2M_RATE_LIMITED", "M2M_BUSY", "M2M_MAILBOX_FULL"];

export interface LineSenderOptions {
  readonly client: M2MClient;
  readonly report: ConnectReport;
  /** Whether others answer, when they like, and not the server. */
  readonly isChannel: boolean;
  readonly algorithm?: AlgorithmName;
  readonly signal: AbortSignal;
  /** Ends the lines: no further one can be sent. */
  readonly onFailed: () => void;
}

/** Sends lines as contents, in order. */
export class LineSender {
  readonly #options: LineSenderOptions;
  readonly #pace = new TokenBuckets({ maxBuckets: 1 });
  #code = 0;
  /** Lines that were read, and those of them that were answered, acknowledged or refused, and told so. */
  #read = 0;
  #told = 0;

  constructor(options: LineSenderOptions) {
    this.#options = options;
  }

  /** The numbers of the first and the last line that were read and of which nothing is known; `undefined` if there is none. */
  get unacknowledged(): readonly [first: number, last: number] | undefined {
    return this.#told < this.#read ? [this.#told + 1, this.#read] : undefined;
  }

  /**
   * Sends all lines. Resolves when all are answered, or in a channel acknowledged.
   * @returns the exit code: of a line that was refused, if there is one
   * @throws {M2MError} what is no matter of one line
   */
  async run(lines: AsyncIterable<Uint8Array | undefined>): Promise<number> {
    const { isChannel, onFailed, signal } = this.#options;
    // In a channel a line that has to be sent again must not be overtaken.
    const maxInFlight = isChannel ? 1 : MAX_IN_FLIGHT;
    const inFlight: Promise<void>[] = [];
    let told: Promise<void> = Promise.resolve();
    for await (const content of lines) {
      const number = ++this.#read;
      await this.#wait();
      const telling = this.#exchange(content, number);
      // Answers are told in the order of their lines.
      told = told.then(async () => {
        const tell = await telling;
        await tell();
        this.#told = number;
      });
      telling.catch(() => {});
      told.catch(onFailed);
      inFlight.push(told);
      if (inFlight.length >= maxInFlight) await inFlight.shift();
      if (signal.aborted) break;
    }
    await told;
    return this.#code;
  }

  /** @returns what tells of it */
  async #exchange(content: Uint8Array | undefined, line: number): Promise<() => Promise<void>> {
    const { client, report, isChannel, algorithm, signal } = this.#options;
    for (;;) {
      try {
        if (!content) throw tooLong();
        if (isChannel) {
          await client.send(content, { algorithm, signal });
          return () => report.sent(line);
        }
        const answer = await client.request(content, { algorithm, signal });
        return () => report.received(answer, line);
      } catch (error) {
        if (!(error instanceof M2MError)) throw error;
        if (FOR_LATER.includes(error.code)) await sleep(RETRY_MS, undefined, { signal });
        else if (OF_THE_LINE.includes(error.code)) {
          this.#code = Math.max(this.#code, exitCodeOf(error));
          return () => report.refused(error, line);
        } else throw error;
      }
    }
  }

  async #wait(): Promise<void> {
    for (;;) {
      const { allowed, retryAfterMs } = this.#pace.take("lines", 1, PACE);
      if (allowed) return;
      await sleep(retryAfterMs, undefined, { signal: this.#options.signal });
    }
  }
}

function tooLong(): LimitError {
  return new LimitError(
    "M2M_INPUT_TOO_LARGE",
    `The line has more than the limit of ${DEFAULT_LIMITS.maxInputBytes} bytes.`,
  );
}
