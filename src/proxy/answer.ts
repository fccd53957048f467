import { ProtocolError } from "../shared/errors.js";
import { upstreamError } from "./attempt-error.js";
import type { UpstreamHead } from "./attempt.js";
import { StreamEncoder } from "../codec/index.js";
import { keptHeaders } from "./cache/index.js";
import type { ProxyCore } from "./core.js";
import { returnedHeaders } from "./headers.js";
import { eventWireHeaders, OF_PEER, OpenedEvents } from "./m2m/index.js";
import type { LoggedRequest } from "./logged-request.js";
import type { Prepared } from "./prepare.js";
import {
  countUsage,
  findMembers,
  isSuccess,
  outputTextOf,
  parseSlice,
  readMembers,
  readResponse,
  usageCostUsd,
  type ProviderApi,
  type ResponseFacts,
  type UsageMeter,
} from "./providers/index.js";
import type { ClientStream } from "./relay/client-stream.js";
import { decodeContent, isIdentity } from "./relay/content-coding.js";
import { BodyTap, CollectRelay, PassRelay, type ResponseRelay } from "./relay/relay.js";
import { securityHeader, type ScanVerdict } from "./security/request-scanner.js";
import { scanAnswer } from "./security/scan-answer.js";
import { noteThreat } from "./security/threats.js";
import type { Spent } from "./stats/stats.js";
import { streamRelay } from "./stream-answer.js";
import { isRetryable } from "./upstream/retry.js";

/** Answers up to this size are looked at for their usage; embeddings of a large batch are megabytes. */
const MAX_READ_BYTES = 16 * 1024 * 1024;
/** Requests up to this size are counted here if the provider does not count: it takes time of all. */
const MAX_COUNTED_BYTES = 1024 * 1024;

/** What an upstream says of a body that is sent anew does not hold. */
const LENGTH: ReadonlySet<string> = new Set(["content-length"]);
const NO_NAMES: ReadonlySet<string> = new Set();

export interface AnswerOptions {
  /** Whether it took more than one try. */
  readonly wasRetried: boolean;
  /** What the log calls the request. */
  readonly logged: LoggedRequest;
  /** Answers with an error, as long as nothing was sent. */
  readonly refuse: (error: unknown) => void;
}

/** The answer of an upstream on its way to the client, and what it says of itself. */
export class Answer {
  readonly #core: ProxyCore;
  readonly #prepared: Prepared;
  readonly #stream: ClientStream;
  readonly #head: UpstreamHead;
  readonly #options: AnswerOptions;
  #meter: UsageMeter | undefined;
  #facts: ResponseFacts | undefined;
  #body: Buffer | undefined;
  #isKept = false;

  constructor(
    core: ProxyCore,
    prepared: Prepared,
    stream: ClientStream,
    head: UpstreamHead,
    options: AnswerOptions,
  ) {
    this.#core = core;
    this.#prepared = prepared;
    this.#stream = stream;
    this.#head = head;
    this.#options = options;
  }

  /** Whether it was given to the cache. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** Whether a provider takes money for it. */
  get isCharged(): boolean {
    return this.#prepared.api !== "other" && this.#head.status < 300;
  }

  /**
   * Whether nobody knows what it takes: it could not be read, it goes on at the provider (a response in the background), or it broke off
   * before anything of it was seen.
   */
  get isUncounted(): boolean {
    if (this.facts?.usage) return false;
    const { api, body } = this.#prepared;
    const isBackground = api === "openai-responses" && body && readMembers(body, ["background"]).background;
    if (isBackground === true) return true;
    if (this.#meter) return !this.#meter.ended && this.#meter.output === "";
    return this.#body === undefined || isUnfinished(api, this.#body);
  }

  /** What it says of itself so far. */
  get facts(): ResponseFacts | undefined {
    return this.#facts ?? this.#meter?.facts;
  }

  /** The tokens and their price, counted here if the provider does not tell; `undefined` of an answer that costs nothing. */
  spent(): Spent | undefined {
    const { api, model, body } = this.#prepared;
    if (!this.isCharged) return undefined;
    const { facts } = this;
    let usage = facts?.usage;
    // Of a stream that broke off, Anthropic has told of one token of output.
    const isPartial = usage && this.#meter?.ended === false && api === "anthropic-messages";
    if ((!usage || isPartial) && body && body.length <= MAX_COUNTED_BYTES) {
      const output = this.#meter?.output ?? (this.#body ? outputTextOf(api, this.#body) : "");
      const counted = countUsage(this.#core.models, { api, body, model }, output);
      usage = usage
        ? { ...usage, outputTokens: Math.max(usage.outputTokens, counted.outputTokens) }
        : counted;
    }
    if (!usage) return undefined;
    const { inputTokens, cachedInputTokens, outputTokens } = usage;
    const costUsd = this.isUncounted
      ? undefined
      : usageCostUsd(this.#core.models, [facts?.model, model], usage);
    return { inputTokens, cachedInputTokens, outputTokens, costUsd };
  }

  /**
   * What passes the body on. The head is sent now, unless it depends on the body.
   * @param verdict of the scan of the request, if there was one
   */
  relay(verdict?: ScanVerdict): ResponseRelay {
    const { settings, peer, scanner } = this.#core;
    const { api, scan, cache, reply, replyHeaders } = this.#prepared;
    const { status } = this.#head;
    const isCall = api !== "other";
    const isPlain = isCall && isIdentity(this.#coding);
    const type = this.#head.header("content-type") ?? "";
    const isOk = status >= 200 && status < 300;
    const added = scan ? this.#report(verdict) : [];
    for (const word of replyHeaders) added.push(word);
    if (this.#options.wasRetried && isRetryable(status) && this.#head.header("x-should-retry") === undefined)
      added.push("x-should-retry", "false");
    const isEventWire = isPlain && peer?.isEventWire(this.#head) === true;
    if (isEventWire || (isPlain && /^text\/event-stream\b/i.test(type)))
      return this.#relayEvents(isEventWire, added);
    const isWire = isPlain && peer?.isWire(this.#head) === true;
    // What a scan is to hold back is held back whatever it says that it is.
    const isHeld = isCall && isOk && settings.blocking && settings.scanResponses && scanner !== undefined;
    if (isWire || isHeld || (isPlain && isOk && reply !== undefined && isJson(type))) {
      const headers = this.#returned(LENGTH, added);
      return new CollectRelay(
        settings.maxBodyBytes,
        (body) => void this.#answerWhole(body, headers, isWire, isHeld).catch(this.#options.refuse),
        (error) => this.#options.refuse(upstreamError(error)),
      );
    }
    const headers = this.#returned(NO_NAMES, added);
    this.#stream.head(status, headers);
    const isRead = isCall && (isOk || (cache !== undefined && status === 200));
    return new PassRelay(
      this.#stream,
      isRead ? new BodyTap(MAX_READ_BYTES, (body) => this.#look(body, headers)) : undefined,
    );
  }

  get #coding(): string | undefined {
    return this.#head.header("content-encoding");
  }

  /** The upstream's headers for the client, and those that are `added`, which replace its own. */
  #returned(without: ReadonlySet<string>, added: readonly string[]): string[] {
    const { peer } = this.#core;
    const left = new Set(peer ? [...without, ...OF_PEER] : without);
    for (let i = 0; i < added.length; i += 2) left.add(added[i]);
    const headers = returnedHeaders(this.#head.rawHeaders, left, peer !== undefined);
    for (const word of added) headers.push(word);
    return headers;
  }

  /** Looks at an answer that has passed. */
  #look(body: Buffer, headers: readonly string[]): void {
    const { settings, logger } = this.#core;
    const content = decodeContent(body, this.#coding, MAX_READ_BYTES);
    if (content) {
      this.#read(content);
      this.#keepWhole(content, headers);
    }
    if (!settings.scanResponses) return;
    if (content) void this.#scan(content).catch(() => {});
    else logger.warn({ ...this.#options.logged, coding: this.#coding }, "answer not scanned");
  }

  /** Answers with a body that was read whole: opened, judged and packed as is asked for. */
  async #answerWhole(
    received: Buffer,
    receivedHeaders: readonly string[],
    isWire: boolean,
    isHeld: boolean,
  ): Promise<void> {
    const { peer } = this.#core;
    const { status } = this.#head;
    const opened = isWire ? peer?.decode(received, receivedHeaders) : undefined;
    const { body, headers } = opened ?? { body: received, headers: receivedHeaders };
    const content = decodeContent(body, this.#coding, MAX_READ_BYTES);
    // What is refused has cost something too.
    if (content) this.#read(content);
    if (isHeld && !content) throw new ProtocolError("M2M_SCAN_FAILED", "The answer could not be scanned.");
    if (content && isHeld) await this.#scan(content);
    else if (content && this.#core.settings.scanResponses) void this.#scan(content).catch(() => {});
    if (content) this.#keepWhole(content, headers);
    const { reply } = this.#prepared;
    const isPacked = reply !== undefined && status < 300 && content === body;
    const packed = isPacked ? reply.encodeBody(body, headers) : { body, headers };
    this.#stream.head(status, [...packed.headers, "content-length", String(packed.body.length)]);
    this.#stream.end(packed.body);
  }

  /** Tells what a scan that held nothing up has found. @returns the headers that say so */
  #report(verdict: ScanVerdict | undefined): string[] {
    noteThreat(this.#core, this.#options.logged, "request", verdict);
    return ["x-m2m-security", securityHeader(verdict)];
  }

  /** @throws as `scanAnswer` */
  #scan(content: Buffer | string): Promise<void> {
    return scanAnswer(this.#core, this.#options.logged, content);
  }

  #read(content: Buffer): void {
    this.#body = content;
    this.#facts = readResponse(content);
  }

  /** @param headers of the answer as a client gets it without M2M */
  #keepWhole(content: Buffer, headers: readonly string[]): void {
    // Who is to get it may not take the coding.
    if (isIdentity(this.#coding) && isSuccess(this.#prepared.api, content)) this.#keep(content, headers);
  }

  #keep(body: Buffer, headers: readonly string[]): void {
    const { cache } = this.#prepared;
    if (!cache || this.#head.status !== 200) return;
    this.#isKept = true;
    void cache.keep({ status: 200, headers: keptHeaders(headers), body });
  }

  /** @param isWire whether the stream came as one wire */
  #relayEvents(isWire: boolean, added: readonly string[]): ResponseRelay {
    const { settings, peer, eventWires } = this.#core;
    const { reply } = this.#prepared;
    const { status } = this.#head;
    const received = this.#returned(LENGTH, added);
    let headers = isWire && peer ? peer.openedHeaders(received) : received;
    const opened = headers;
    if (this.#head.header("x-accel-buffering") === undefined)
      headers = [...headers, "x-accel-buffering", "no"];
    const packer = reply?.packsEvents && eventWires.hasRoom ? new StreamEncoder() : undefined;
    if (packer || isWire) this.#stream.onceOver(eventWires.open());
    this.#stream.head(status, packer ? eventWireHeaders(headers) : headers);
    const isHeld = settings.scanResponses && settings.blocking;
    const { relay, meter } = streamRelay(this.#core, this.#prepared, this.#stream, {
      keep: (body) => this.#keep(body, opened),
      holdEnd: isHeld,
      judge: settings.scanResponses ? (output) => this.#scan(output) : undefined,
      packer,
    });
    this.#meter = meter;
    return isWire ? new OpenedEvents(relay, settings.maxBodyBytes) : relay;
  }
}

function isJson(type: string): boolean {
  return /\bjson\b/i.test(type);
}

/** Whether an answer is no JSON, or says that more is to come. */
function isUnfinished(api: ProviderApi, body: Buffer): boolean {
  const found = findMembers(body, ["status"]);
  if (!found) return true;
  const status = api === "openai-responses" ? parseSlice(body, found.status) : undefined;
  return status === "queued" || status === "in_progress";
}
