import { DEFAULT_LIMITS } from "../codec/index.js";
import { maxDataMessageBytes, readMessage, writeMessage, type Message } from "../session/index.js";
import { isJsonObject } from "../shared/json-value.js";
import { M2MError } from "../shared/errors.js";
import { isPassingStatus, parseRetryAfterMs } from "../shared/try-again.js";
import { joinSignals } from "../shared/joined-signal.js";
import { readBoundedText } from "./bounded-text.js";
import type { Carrier, CarrierEvents, LossAdvice } from "./carrier.js";
import { serverUnreachable, unexpectedStatus } from "./failures.js";
import { addressBelow, type ResolvedClientOptions } from "./options.js";

/** How long the server is asked to wait for messages, in seconds. */
const POLL_WAIT_S = 25;
/** What a server may take beyond that, in milliseconds. */
const POLL_SLACK_MS = 10_000;
/** Most bytes of one message, and of all that is asked for at once: a mailbox holds 64 MiB. */
const MAX_MESSAGE_BYTES = maxDataMessageBytes(DEFAULT_LIMITS.maxInputBytes);
const MAX_MESSAGES_BYTES = 96 * 1024 * 1024;
/** A session that is not there, in answer to one of its messages. */
const GONE_STATUSES: readonly number[] = [404, 410];

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs?: number;
}

/** Messages as requests, one after the other; what others send is asked for. */
export class HttpCarrier implements Carrier {
  readonly isAsking = true;
  readonly #options: ResolvedClientOptions;
  readonly #events: CarrierEvents;
  readonly #ended = new AbortController();
  readonly #waiting: Message[] = [];
  #isPosting = false;

  constructor(options: ResolvedClientOptions, events: CarrierEvents) {
    this.#options = options;
    this.#events = events;
  }

  send(message: Message): void {
    this.#waiting.push(message);
    if (!this.#isPosting) void this.#post();
  }

  start(sessionId: string, hasChannel: boolean): void {
    // Without a channel nobody else sends anything.
    if (hasChannel) void this.#poll(sessionId);
  }

  close(): void {
    this.#ended.abort();
  }

  async #post(): Promise<void> {
    this.#isPosting = true;
    try {
      for (let message = this.#waiting.shift(); message; message = this.#waiting.shift()) {
        const answer = await this.#request("/message", this.#options.answerTimeoutMs, writeMessage(message));
        if (this.#ended.signal.aborted) return;
        this.#answered(message, answer);
      }
    } catch (error) {
      this.#lose(error);
    } finally {
      this.#isPosting = false;
    }
  }

  /** @throws {UpstreamError} `M2M_CONNECTION_FAILED` if the answer is none of the protocol */
  #answered(sent: Message, answer: Answer): void {
    const { status, text } = answer;
    const isDone = status >= 200 && status < 300;
    const reply = text === "" ? undefined : tryReadMessage(text);
    if (!reply && !(isDone && text === "")) throw refused(answer);
    const rejection = reply?.type === "REJECT" ? reply.rejection : reply?.delivery?.rejection;
    // Nothing is wrong with the message: it is sent again when the server has its store back.
    if (rejection?.message === "M2M_STORE_UNAVAILABLE") throw refused(answer);
    const sequence = sent.type === "DATA" ? sent.delivery?.sequence : undefined;
    if (sent.type !== "DATA" || sequence === undefined) {
      if (reply) this.#events.onMessage(reply);
      return;
    }
    const { sessionId } = sent;
    const { timestampMs } = reply ?? sent;
    if (reply?.type === "REJECT" && !GONE_STATUSES.includes(status)) {
      // Servers that do not number answer so, and mean this message alone.
      const delivery = { ack: sequence, rejection: reply.rejection };
      this.#events.onMessage({ type: "PONG", sessionId, timestampMs, delivery });
    } else {
      // That there is an answer is an acknowledgement.
      const answered: Message = reply ?? { type: "PONG", sessionId, timestampMs };
      this.#events.onMessage({ ...answered, delivery: { ack: sequence, ...answered.delivery } });
    }
  }

  async #poll(sessionId: string): Promise<void> {
    const path = `/session/${encodeURIComponent(sessionId)}/messages?wait=${POLL_WAIT_S}`;
    try {
      for (;;) {
        const cursor = await this.#events.whenTaken();
        if (this.#ended.signal.aborted) return;
        const after = cursor === undefined ? "" : `&after=${encodeURIComponent(cursor)}`;
        const answer = await this.#request(path + after, POLL_WAIT_S * 1000 + POLL_SLACK_MS);
        if (this.#ended.signal.aborted) return;
        for (const message of readEntries(answer)) this.#events.onMessage(message);
      }
    } catch (error) {
      this.#lose(error);
    }
  }

  /** @param body of a POST; without one it is a GET */
  async #request(path: string, timeoutMs: number, body?: string): Promise<Answer> {
    const { url, token } = this.#options;
    const [pathname, search = ""] = path.split("?");
    const target = addressBelow(url, pathname);
    target.search = search;
    const { signal, release } = joinSignals(this.#ended.signal, AbortSignal.timeout(timeoutMs));
    try {
      const response = await fetch(target, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body,
        redirect: "error",
        signal,
      });
      return {
        status: response.status,
        text: await readBoundedText(response, body === undefined ? MAX_MESSAGES_BYTES : MAX_MESSAGE_BYTES),
        retryAfterMs: parseRetryAfterMs(response.headers.get("retry-after"), this.#options.nowMs()),
      };
    } finally {
      release();
    }
  }

  #lose(error: unknown): void {
    if (this.#ended.signal.aborted) return;
    this.close();
    if (error instanceof RefusedError) this.#events.onLost(error.failure, error.advice);
    else if (error instanceof M2MError) this.#events.onLost(error, { isFinal: true });
    else this.#events.onLost(serverUnreachable(error));
  }
}

/** An answer that is no message, with what follows from it. */
class RefusedError extends Error {
  readonly failure: M2MError;
  readonly advice: LossAdvice;

  constructor(failure: M2MError, advice: LossAdvice) {
    super(failure.message);
    this.failure = failure;
    this.advice = advice;
  }
}

function refused({ status, retryAfterMs }: Answer): RefusedError {
  return new RefusedError(unexpectedStatus(status), { isFinal: !isPassingStatus(status), retryAfterMs });
}

function tryReadMessage(text: string): Message | undefined {
  try {
    return readMessage(text, { maxMessageBytes: Infinity });
  } catch (error) {
    if (error instanceof M2MError) return undefined;
    throw error;
  }
}

/** The messages that were asked for. @throws {RefusedError} if the answer holds none */
function readEntries(answer: Answer): Message[] {
  if (GONE_STATUSES.includes(answer.status)) {
    const rejection = { code: "UNKNOWN", message: "M2M_SESSION_UNKNOWN" } as const;
    return [{ type: "REJECT", rejection, timestampMs: 0 }];
  }
  if (answer.status !== 200) throw refused(answer);
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.text);
  } catch {
    throw refused(answer);
  }
  if (!isJsonObject(parsed) || !Array.isArray(parsed.messages)) throw refused(answer);
  return (parsed.messages as unknown[]).map((entry) => {
    if (!isJsonObject(entry) || typeof entry.id !== "string") throw refused(answer);
    const message = tryReadMessage(JSON.stringify(entry.message));
    if (!message) throw refused(answer);
    return { ...message, delivery: { cursor: entry.id } };
  });
}
