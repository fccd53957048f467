import type { UpstreamHead } from "./attempt.js";
import type { ProxyCore } from "./core.js";
import { failureOf } from "./api-errors.js";
import { upstreamError } from "./attempt-error.js";
import { returnedHeaders } from "./headers.js";
import type { Prepared } from "./prepare.js";
import { errorEvent, readResponse, usageCostUsd, UsageMeter, type ResponseFacts } from "./providers/index.js";
import type { ClientStream } from "./relay/client-stream.js";
import { EventRelay } from "./relay/event-relay.js";
import { BodyTap, PassRelay, type ResponseRelay } from "./relay/relay.js";
import type { SseEvent } from "./sse/index.js";
import type { Spent } from "./stats/stats.js";
import { isRetryable } from "./upstream/retry.js";

/** Answers up to this size are looked at for their usage; embeddings of a large batch are megabytes. */
const MAX_READ_BYTES = 16 * 1024 * 1024;

/** The answer of an upstream on its way to the client, and what it says of itself. */
export class Answer {
  readonly #core: ProxyCore;
  readonly #prepared: Prepared;
  readonly #stream: ClientStream;
  readonly #head: UpstreamHead;
  readonly #wasRetried: boolean;
  #meter: UsageMeter | undefined;
  #facts: ResponseFacts | undefined;

  constructor(
    core: ProxyCore,
    prepared: Prepared,
    stream: ClientStream,
    head: UpstreamHead,
    wasRetried: boolean,
  ) {
    this.#core = core;
    this.#prepared = prepared;
    this.#stream = stream;
    this.#head = head;
    this.#wasRetried = wasRetried;
  }

  /** The tokens and their price; `undefined` where the answer tells nothing. */
  get spent(): Spent | undefined {
    const facts = this.#facts ?? this.#meter?.facts;
    if (!facts?.usage) return undefined;
    const { inputTokens, cachedInputTokens, outputTokens } = facts.usage;
    const names = [facts.model, this.#prepared.model];
    const costUsd = usageCostUsd(this.#core.models, names, facts.usage);
    return { inputTokens, cachedInputTokens, outputTokens, costUsd };
  }

  /**
   * Sends the head, and gives what passes the body on.
   * @param security what the scan of the request says
   */
  relay(security?: string): ResponseRelay {
    const { status } = this.#head;
    const isReadable = (this.#head.header("content-encoding") ?? "identity") === "identity";
    const type = this.#head.header("content-type") ?? "";
    const isEvents = isReadable && /^text\/event-stream\b/i.test(type);
    const headers = returnedHeaders(this.#head.rawHeaders, isEvents ? LENGTH : undefined);
    if (security !== undefined) headers.push("x-m2m-security", security);
    if (this.#wasRetried && isRetryable(status)) headers.push("x-should-retry", "false");
    if (isEvents && this.#head.header("x-accel-buffering") === undefined)
      headers.push("x-accel-buffering", "no");
    this.#stream.head(status, headers);
    if (isEvents) return this.#eventRelay();
    const isTold = isReadable && this.#prepared.api !== "other" && /\bjson\b/i.test(type) && status < 300;
    return new PassRelay(this.#stream, isTold ? this.#tap() : undefined);
  }

  #tap(): BodyTap {
    return new BodyTap(MAX_READ_BYTES, (body) => {
      this.#facts = readResponse(body);
    });
  }

  #eventRelay(): EventRelay {
    const { api, dialect, stripsUsage } = this.#prepared;
    const meter = (this.#meter = new UsageMeter(api));
    const marks = new WeakMap<SseEvent, string>();
    return new EventRelay(this.#stream, {
      maxEventBytes: this.#core.settings.maxBodyBytes,
      observe: (event) => {
        const mark = meter.observe(event);
        if (stripsUsage && mark === "usage-only") marks.set(event, mark);
      },
      rewrite: stripsUsage ? (event) => (marks.has(event) ? undefined : event.raw) : undefined,
      failureEvent: (error) =>
        errorEvent(api, dialect, failureOf(upstreamError(error)), meter.nextSequenceNumber),
    });
  }
}

/** What an upstream says of a stream that is sent anew does not hold. */
const LENGTH = new Set(["content-length"]);
