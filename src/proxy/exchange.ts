import type { IncomingMessage, ServerResponse } from "node:http";
import { M2MError, UpstreamError } from "../shared/errors.js";
import { Answer } from "./answer.js";
import { failureOf, sendApiError } from "./api-errors.js";
import { isLasting, noUpstream, upstreamError } from "./attempt-error.js";
import { Attempt, type AttemptOwner, type UpstreamHead } from "./attempt.js";
import type { ProxyCore } from "./core.js";
import { sendCached } from "./cached-answer.js";
import type { HeldBody } from "./held-bodies.js";
import { loggedPath, type LoggedRequest } from "./logged-request.js";
import type { Prepared } from "./prepare.js";
import { Refusal } from "./refusal.js";
import { ClientStream } from "./relay/client-stream.js";
import type { Outcome, Spent } from "./stats/stats.js";
import type { ExchangeSpan } from "./tracing.js";
import { chooseUpstream, isServedBy } from "./upstream/choose.js";
import { isBeforeSending, isRetryable, onlyAsks, readRetryAfterMs, retryDelayMs } from "./upstream/retry.js";
import type { Upstream } from "./upstream/upstream.js";
import type { WholeAnswer } from "./whole-answer.js";

/** One request of a client and its answer, over as many tries as it takes. */
export class Exchange implements AttemptOwner {
  readonly #core: ProxyCore;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #stream: ClientStream;
  readonly #startedMs = performance.now();
  readonly #tried = new Set<Upstream>();
  /** Those that this request has counted as failed. */
  readonly #failures = new Set<Upstream>();
  readonly #id: string;
  #model: string | undefined;
  #prepared: Prepared | undefined;
  #readyMs: number | undefined;
  #sentMs: number | undefined;
  #answer: Answer | undefined;
  #attempt: Attempt | undefined;
  #attempts = 0;
  /** Something was sent that may have been done, whether or not its answer has come. */
  #isOwed = false;
  #span: ExchangeSpan | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #body: HeldBody;
  #isPreparing = true;
  #failed = false;
  #isSettled = false;

  constructor(core: ProxyCore, request: IncomingMessage, response: ServerResponse) {
    this.#core = core;
    this.#id = core.requestIds.next();
    this.#body = core.bodies.open();
    this.#request = request;
    this.#response = response;
    this.#stream = new ClientStream(response, core.turnEnd, () => performance.now());
  }

  /** @param prepare reads and prepares the request; what it throws is the answer */
  async run(prepare: (exchange: Exchange) => Promise<Prepared>): Promise<void> {
    this.#core.stats.start();
    this.#response.once("close", () => this.#settle());
    // A client that goes away is no error: `close` tells. Who reads the body may have stopped to listen.
    this.#response.on("error", ignore);
    this.#request.on("error", ignore);
    try {
      const prepared = await prepare(this);
      this.#prepared = prepared;
      // The client has gone meanwhile.
      if (this.#isSettled) this.#release(prepared, undefined, true);
      else if (prepared.hit) await sendCached(this.#core, this.#stream, prepared.hit, prepared, this.logged);
      else if (prepared.gathered) this.#sendWhole(prepared.gathered);
      else this.#send();
    } catch (error) {
      // What has come of a body that is refused is dropped, while the rest of it is read for the client's sake.
      this.#body.release();
      this.refuse(error);
    }
    this.#isPreparing = false;
    if (this.#isSettled) this.#body.release();
  }

  /** The whole body of the request, which is held until the exchange ends. @throws as `HeldBody.read` */
  readBody(): Promise<Buffer> {
    return this.#body.read(this.#request);
  }

  /** @throws as `HeldBody.unpack` */
  unpack<Opened extends { readonly bytes: Uint8Array } | undefined>(
    open: (maxOutputBytes: number) => Opened,
  ): Opened {
    return this.#body.unpack(open);
  }

  /** @throws as `HeldBody.hold` */
  hold(sizeBytes: number): void {
    this.#body.hold(sizeBytes);
  }

  get logged(): LoggedRequest {
    return {
      request: this.#id,
      path: loggedPath(this.#request),
      ...(this.#model !== undefined && { model: this.#model }),
    };
  }

  noteModel(model: string | undefined): void {
    this.#model = model;
  }

  /** The request is there, whole or to be streamed: what follows is the proxy's own time. */
  markReady(): void {
    this.#readyMs = performance.now();
  }

  /** Answers in place of an upstream, in the shape that the client's SDK reads. */
  refuse(error: unknown): void {
    if (this.#isSettled) return;
    const { reason, headers = [] } = error instanceof Refusal ? error : { reason: error };
    if (!(reason instanceof M2MError))
      this.#core.logger.error({ ...this.logged, err: reason }, "the proxy failed");
    this.#failed ||= reason instanceof UpstreamError || !(reason instanceof M2MError);
    // An answer that has begun is cut, whether or not it is on its way.
    this.#stream.flush();
    sendApiError(this.#request, this.#response, reason, {
      // What was sent is done perhaps: to do it again is for the client to decide, not for its SDK or a proxy before this one.
      retried: this.#attempts > 1 || (this.#isOwed && !onlyAsks(this.#request)),
      headers: [...headers, "x-m2m-request-id", this.#id],
    });
  }

  #sendWhole({ status, headers, body }: WholeAnswer): void {
    this.#stream.head(status, [...headers, "content-length", String(body.length)]);
    this.#stream.end(body);
  }

  #send(): void {
    const { upstreams, stats, random } = this.#core;
    const prepared = this.#prepared as Prepared;
    const nowMs = performance.now();
    const upstream = chooseUpstream(upstreams, prepared.route, this.#tried, nowMs, random());
    if (!upstream) {
      const served = upstreams.filter((one) => isServedBy(one, prepared.route));
      const waitMs = Math.min(...served.map(({ breaker }) => breaker.waitMs(nowMs)));
      this.#giveUp(noUpstream(), ["retry-after", String(Math.max(1, Math.ceil(waitMs / 1000)))]);
      return;
    }
    this.#tried.add(upstream);
    this.#attempts++;
    if (this.#attempts > 1) stats.count("retries");
    const attempt = new Attempt(upstream, this);
    this.#attempt = attempt;
    this.#span ??= this.#trace(prepared, upstream);
    const request = prepared.requestFor(upstream, this.#span?.headers);
    this.#core.turnEnd.add(() => {
      // The client has gone meanwhile.
      if (this.#isSettled) return;
      this.#sentMs ??= performance.now();
      upstream.dispatch(request, attempt);
    });
  }

  onSent({ upstream }: Attempt): void {
    this.#isOwed = true;
    // Where a failure counts only if there is no connection, there is none any more: nobody has to wait for the answer.
    if (!this.#hasOther(upstream, performance.now())) upstream.breaker.succeed();
    const scan = this.#prepared?.scan;
    // When the bytes are on their way.
    if (scan && !scan.known) setImmediate(() => scan.begin());
  }

  onHead(attempt: Attempt, head: UpstreamHead): ReturnType<AttemptOwner["onHead"]> {
    const { upstream } = attempt;
    this.#isOwed = head.status < 300;
    this.#core.peer?.note(upstream, head);
    const isFailure = isRetryable(head.status);
    if (!isFailure || head.status === 429 || this.#core.upstreams.length === 1) upstream.breaker.succeed();
    else this.#fail(upstream, false);
    const mayRetry = isFailure && head.header("x-should-retry") !== "false";
    if (mayRetry && this.#retry(readRetryAfterMs((name) => head.header(name), Date.now()))) return undefined;
    if (isFailure) this.#noteStatus(attempt, head.status);
    this.#stream.attach(attempt);
    const prepared = this.#prepared as Prepared;
    const answer = new Answer(this.#core, prepared, this.#stream, head, {
      wasRetried: this.#attempts > 1,
      logged: this.logged,
      refuse: (error) => this.refuse(error),
    });
    this.#answer = answer;
    const { scan } = prepared;
    if (!scan) return answer.relay();
    return scan.known ? answer.relay(scan.known) : scan.result().then((verdict) => answer.relay(verdict));
  }

  onFailure(attempt: Attempt, error: Error): void {
    const isUnreachable = !attempt.wasSent || isBeforeSending(error);
    if (isUnreachable) this.#isOwed = false;
    this.#fail(attempt.upstream, isUnreachable);
    if ((isUnreachable || onlyAsks(this.#request)) && this.#retry(undefined, isLasting(error))) return;
    this.#giveUp(upstreamError(error));
  }

  onEnd(attempt: Attempt, error?: Error): void {
    if (!error) return;
    this.#failed = true;
    this.#fail(attempt.upstream, false);
    this.#core.logger.warn(
      { ...this.logged, upstream: attempt.upstream.name, reason: upstreamError(error).message },
      "answer cut",
    );
  }

  /** The client is told of a status that more tries did not help against. */
  #noteStatus({ upstream: { name: upstream } }: Attempt, status: number): void {
    this.#core.logger.warn({ ...this.logged, upstream, status, attempts: this.#attempts }, "upstream failed");
  }

  /**
   * Counts a failure of an upstream, of a request once. The last one that is in order is not given up while it can be reached: a client could make
   * it fail by what it asks for, and shut out all others.
   */
  #fail(upstream: Upstream, isUnreachable: boolean): void {
    const nowMs = performance.now();
    const isCounted = !this.#failures.has(upstream) && (isUnreachable || this.#hasOther(upstream, nowMs));
    if (!isCounted) return upstream.breaker.leave();
    this.#failures.add(upstream);
    upstream.breaker.fail(nowMs);
  }

  #hasOther(upstream: Upstream, nowMs: number): boolean {
    return this.#core.upstreams.some((one) => one !== upstream && this.#isUsable(one, nowMs));
  }

  /** Whether `upstream` serves this request, and is not shut out. */
  #isUsable(upstream: Upstream, nowMs: number): boolean {
    const { route } = this.#prepared as Prepared;
    return isServedBy(upstream, route) && upstream.breaker.state(nowMs) !== "open";
  }

  /**
   * Tries again, if that is allowed: elsewhere at once, or here after a while.
   * @param isLasting whether it would fail here again
   */
  #retry(askedMs: number | undefined, isLasting = false): boolean {
    const { retry, upstreams, stats, random } = this.#core;
    const prepared = this.#prepared as Prepared;
    if (this.#isSettled || !prepared.isReplayable || this.#attempts > retry.retries) return false;
    const nowMs = performance.now();
    const isLeft = upstreams.some((one) => !this.#tried.has(one) && this.#isUsable(one, nowMs));
    if (!isLeft && isLasting) return false;
    if (isLeft) stats.count("fallbacks");
    else this.#tried.clear();
    const delayMs = isLeft ? 0 : retryDelayMs(this.#attempts, askedMs, retry, random());
    if (delayMs === undefined) return false;
    this.#attempt = undefined;
    this.#timer = setTimeout(() => this.#send(), delayMs);
    return true;
  }

  #giveUp(error: UpstreamError, headers?: readonly string[]): void {
    this.#failed = true;
    this.#core.logger.warn(
      {
        ...this.logged,
        upstream: this.#attempt?.upstream.name,
        attempts: this.#attempts,
        status: failureOf(error).status,
        code: error.code,
        reason: error.message,
      },
      "no answer",
    );
    this.refuse(headers ? new Refusal(error, headers) : error);
  }

  /** The answer is over, whoever ended it: it is counted, once. */
  #settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    // What is still being prepared is held, whoever has gone meanwhile.
    if (!this.#isPreparing) this.#body.release();
    clearTimeout(this.#timer);
    const isWhole = this.#response.writableFinished;
    const outcome: Outcome = this.#failed ? "failed" : isWhole ? "finished" : "aborted";
    const attempt = this.#attempt;
    if (outcome !== "finished") {
      attempt?.cancel();
      if (outcome === "aborted") attempt?.upstream.breaker.leave();
    }
    const prepared = this.#prepared;
    const spent = this.#answer?.spent();
    if (prepared) this.#release(prepared, spent, outcome === "aborted");
    const status = this.#response.headersSent ? this.#response.statusCode : undefined;
    this.#span?.end({
      status,
      error: outcome === "finished" ? (status && status >= 400 ? String(status) : undefined) : outcome,
      facts: this.#answer?.facts,
      spent,
    });
    const nowMs = performance.now();
    const { firstByteAtMs, sentBytes } = this.#stream;
    const overheadMs =
      this.#sentMs === undefined || this.#readyMs === undefined
        ? undefined
        : this.#sentMs - this.#readyMs + (attempt?.busyMs ?? 0);
    this.#core.stats.end({
      outcome,
      status,
      model: this.#model,
      spent,
      totalMs: nowMs - this.#startedMs,
      overheadMs,
      firstByteMs: firstByteAtMs === undefined ? undefined : firstByteAtMs - this.#startedMs,
      requestBytes: prepared?.requestBytes ?? { received: 0, sent: 0 },
      responseBytes: { received: attempt?.receivedBytes ?? 0, sent: sentBytes },
    });
    if (this.#core.logger.isLevelEnabled("debug")) this.#log(outcome, nowMs - this.#startedMs);
  }

  /**
   * What waits for the end of the exchange: those who hope for its answer, and the budget.
   * @param hasLeft whether it was the client that ended it
   */
  #release({ cache, settle }: Prepared, spent: Spent | undefined, hasLeft: boolean): void {
    if (!this.#answer?.isKept) cache?.abandon({ hasLeft });
    const answer = this.#answer;
    const isOwed = answer ? answer.isCharged : this.#isOwed;
    // What was not done costs nothing; what was, and nobody has counted, as much as was estimated.
    if (!isOwed) void settle?.({ tokens: 0, usd: 0 });
    else if (!spent || answer?.isUncounted) void settle?.({ tokens: undefined, usd: undefined });
    else void settle?.({ tokens: spent.inputTokens + spent.outputTokens, usd: spent.costUsd });
  }

  #trace({ api, dialect, model }: Prepared, { target }: Upstream): ExchangeSpan | undefined {
    const { method = "", headers } = this.#request;
    return this.#core.tracing?.start({ api, dialect, model, method, headers, target });
  }

  #log(outcome: Outcome, ms: number): void {
    const { method } = this.#request;
    const { statusCode: status } = this.#response;
    this.#core.logger.debug({ ...this.logged, method, status, outcome, ms: Math.round(ms) }, "request");
  }
}

function ignore(): void {}
