import { upstreamError } from "./attempt-error.js";
import type { UpstreamHead } from "./attempt.js";
import { failureOf } from "./api-errors.js";
import { keptHeaders } from "./cache/index.js";
import type { ProxyCore } from "./core.js";
import { returnedHeaders } from "./headers.js";
import type { Prepared } from "./prepare.js";
import {
  countUsage,
  errorEvent,
  outputTextOf,
  readResponse,
  usageCostUsd,
  UsageMeter,
  type ResponseFacts,
  type StreamMark,
} from "./providers/index.js";
import type { ClientStream } from "./relay/client-stream.js";
import { EventRelay } from "./relay/event-relay.js";
import { BodyTap, PassRelay, type ResponseRelay } from "./relay/relay.js";
import { securityHeader, type ScanVerdict } from "./security/request-scanner.js";
import type { Spent } from "./stats/stats.js";
import { isRetryable } from "./upstream/retry.js";

/** Answers up to this size are looked at for their usage; embeddings of a large batch are megabytes. */
const MAX_READ_BYTES = 16 * 1024 * 1024;
/** Requests up to this size are counted here if the provider does not count: it takes time of all. */
const MAX_COUNTED_BYTES = 1024 * 1024;

/** What an upstream says of a stream that is sent anew does not hold. */
const LENGTH: ReadonlySet<string> = new Set(["content-length"]);

/** The answer of an upstream on its way to the client, and what it says of itself. */
export class Answer {
  readonly #core: ProxyCore;
  readonly #prepared: Prepared;
  readonly #stream: ClientStream;
  readonly #head: UpstreamHead;
  readonly #wasRetried: boolean;
  #meter: UsageMeter | undefined;
  #facts: ResponseFacts | undefined;
  #body: Buffer | undefined;
  #isKept = false;

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

  /** Whether it was given to the cache. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** Whether a provider takes money for it. */
  get isCharged(): boolean {
    return this.#prepared.api !== "other" && this.#head.status < 300;
  }

  /** The tokens and their price, counted here if the provider does not tell; `undefined` of an answer that costs nothing. */
  spent(): Spent | undefined {
    const { api, model, body } = this.#prepared;
    if (!this.isCharged) return undefined;
    const facts = this.#facts ?? this.#meter?.facts;
    let usage = facts?.usage;
    if (!usage && body && body.length <= MAX_COUNTED_BYTES) {
      const output = this.#meter?.output ?? (this.#body ? outputTextOf(api, this.#body) : "");
      usage = countUsage(this.#core.models, { api, body, model }, output);
    }
    if (!usage) return undefined;
    const { inputTokens, cachedInputTokens, outputTokens } = usage;
    const costUsd = usageCostUsd(this.#core.models, [facts?.model, model], usage);
    return { inputTokens, cachedInputTokens, outputTokens, costUsd };
  }

  /**
   * Sends the head, and gives what passes the body on.
   * @param verdict of the scan of the request, if there was one
   */
  relay(verdict?: ScanVerdict): ResponseRelay {
    const { api, scan, cache, replyHeaders } = this.#prepared;
    const { status } = this.#head;
    const isReadable = (this.#head.header("content-encoding") ?? "identity") === "identity";
    const type = this.#head.header("content-type") ?? "";
    const isEvents = isReadable && /^text\/event-stream\b/i.test(type);
    const headers = returnedHeaders(this.#head.rawHeaders, isEvents ? LENGTH : undefined);
    for (const word of replyHeaders) headers.push(word);
    if (scan) this.#report(verdict, headers);
    if (this.#wasRetried && isRetryable(status)) headers.push("x-should-retry", "false");
    if (isEvents && this.#head.header("x-accel-buffering") === undefined)
      headers.push("x-accel-buffering", "no");
    this.#stream.head(status, headers);
    const isOk = status >= 200 && status < 300 && api !== "other";
    const keep = cache && status === 200 && isReadable ? this.#recorder(headers) : undefined;
    if (isEvents) return this.#eventRelay(keep);
    const isTold = isReadable && isOk && /\bjson\b/i.test(type);
    const tap = isTold || keep ? new BodyTap(MAX_READ_BYTES, (body) => this.#read(body, keep)) : undefined;
    return new PassRelay(this.#stream, tap);
  }

  /** Tells what a scan that held nothing up has found. */
  #report(verdict: ScanVerdict | undefined, headers: string[]): void {
    headers.push("x-m2m-security", securityHeader(verdict));
    if (!verdict || verdict.safe) return;
    this.#core.stats.count("threats");
    const { threatType: type, score, threats } = verdict;
    this.#core.logger.warn({ type, score, threats }, "request unsafe");
  }

  /** What gives a whole body to the cache. */
  #recorder(headers: readonly string[]): (body: Buffer) => void {
    const { cache } = this.#prepared;
    return (body) => {
      this.#isKept = true;
      void cache?.keep({ status: 200, headers: keptHeaders(headers), body });
    };
  }

  #read(body: Buffer, keep: ((body: Buffer) => void) | undefined): void {
    this.#body = body;
    this.#facts = readResponse(body);
    keep?.(body);
  }

  #eventRelay(keep: ((body: Buffer) => void) | undefined): EventRelay {
    const { api, dialect, stripsUsage } = this.#prepared;
    const meter = (this.#meter = new UsageMeter(api));
    const tap = keep && new BodyTap(MAX_READ_BYTES, keep);
    let mark: StreamMark = "content";
    return new EventRelay(this.#stream, {
      maxEventBytes: this.#core.settings.maxBodyBytes,
      observe: (event) => {
        mark = meter.observe(event);
      },
      rewrite: stripsUsage ? (event) => (mark === "usage-only" ? undefined : event.raw) : undefined,
      tap: (bytes) => tap?.add(Buffer.from(bytes)),
      finish: (isWhole) => {
        // A stream that was cut, or that ended with an error, is not what the next one is to get.
        if (isWhole && meter.ended && mark !== "error") tap?.finish();
      },
      failureEvent: (error) =>
        errorEvent(api, dialect, failureOf(upstreamError(error)), meter.nextSequenceNumber),
    });
  }
}
