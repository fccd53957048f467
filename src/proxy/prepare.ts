import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Dispatcher } from "undici";
import { UnsupportedError } from "../shared/errors.js";
import { estimateSpend, type Admitted, type Refused, type RequestCost } from "./budgets/index.js";
import { cacheDirectivesOf, cacheKeyOf, isCacheable, type CacheHit, type CacheMiss } from "./cache/index.js";
import type { ProxyCore } from "./core.js";
import { readAccept, readWireBody, ReplyCodec } from "./m2m/index.js";
import {
  ANONYMOUS,
  clientKeyOf,
  dialectOf,
  injectIncludeUsage,
  readRequestHead,
  type Dialect,
  type ProviderApi,
} from "./providers/index.js";
import type { LoggedRequest } from "./logged-request.js";
import { Refusal } from "./refusal.js";
import { CODINGS, headersFor, IDENTITY } from "./request-headers.js";
import type { PendingScan } from "./security/request-scanner.js";
import { assertSafe } from "./security/threats.js";
import { assertServed, type Route } from "./upstream/choose.js";
import type { Upstream } from "./upstream/upstream.js";
import type { WholeAnswer } from "./whole-answer.js";

export type UpstreamRequest = Pick<Dispatcher.DispatchOptions, "method" | "path" | "headers" | "body">;

/** A request as it goes to an upstream. */
export interface Prepared {
  readonly api: ProviderApi;
  readonly dialect: Dialect;
  /** Of a call, or of text that is passed on. */
  readonly model?: string;
  readonly route: Route;
  /** As the client means it, for counting; absent if it streams through. */
  readonly body?: Buffer;
  /** Whether it can be sent again. */
  readonly isReplayable: boolean;
  /** The usage chunk of the stream was asked for by the proxy: the client did not. */
  readonly stripsUsage: boolean;
  /** The scan, where it does not hold the request up. */
  readonly scan?: PendingScan;
  readonly cache?: CacheMiss;
  /** An answer that is there already: no upstream is asked. */
  readonly hit?: CacheHit;
  /** An answer that several upstreams were asked for already. */
  readonly gathered?: WholeAnswer;
  /** The form of answers that the client asked for; absent: as they are. */
  readonly reply?: ReplyCodec;
  /** Headers that the answer gets, name, value, name, value. */
  readonly replyHeaders: readonly string[];
  readonly requestBytes: { readonly received: number; readonly sent: number };
  /** @param carried headers of the trace, in place of the client's */
  requestFor(upstream: Upstream, carried?: readonly string[]): UpstreamRequest;
  /** Told what was spent when the exchange is over. */
  settle?(spent: RequestCost): Promise<void>;
}

/** A request that is being prepared. */
export interface IncomingBody {
  /** What the log calls it. */
  readonly logged: LoggedRequest;
  /** To be called when the model is known: it counts for the model even if it is refused. */
  noteModel(model: string | undefined): void;
  /** All of it. */
  readBody(): Promise<Buffer>;
  /** Holds what `open` makes of it, which is told how many bytes it may make. @throws {Refusal} `M2M_BUSY`, and what `open` throws */
  unpack<Opened extends { readonly bytes: Uint8Array } | undefined>(
    open: (maxOutputBytes: number) => Opened,
  ): Opened;
  /** Holds so many bytes more for it. @throws {Refusal} `M2M_BUSY` */
  hold(sizeBytes: number): void;
  /** To be called when it is there, whole or to be streamed. */
  markReady(): void;
}

const JSON_TYPE: readonly string[] = ["content-type", "application/json"];

/**
 * A request of an API that the proxy understands: its body is read whole.
 * @throws {M2MError} `M2M_INPUT_TOO_LARGE`, `M2M_BUSY`, `M2M_MEDIA_TYPE_UNSUPPORTED`, `M2M_SECURITY_THREAT`, `M2M_SCAN_FAILED`,
 * `M2M_MODEL_NOT_SERVED`, and what is wrong with a wire
 * @throws {Refusal} if the client has had its share
 */
export async function prepareCall(
  core: ProxyCore,
  request: IncomingMessage,
  path: string,
  api: ProviderApi,
  incoming: IncomingBody,
): Promise<Prepared> {
  const { settings } = core;
  if (core.scanner && settings.blocking) assertReadable(request);
  const { content, receivedBytes, isWire } = await readContent(core, request, incoming);
  const dialect = dialectOf(api, request.headers);
  const { model, stream } = readRequestHead(content);
  incoming.noteModel(model);
  const route = { model, isCall: true };
  assertServed(core.upstreams, route);
  const scan = core.scanner?.pending(content);
  if (scan && settings.blocking) assertSafe(core, incoming.logged, "request", await scan.result());
  const replyHeaders: string[] = [];
  const { body, tokensSaved } = optimized(core, request, { api, model, body: content }, replyHeaders);
  const cached = await lookUp(core, request, { api, path, body }, replyHeaders);
  const [hit, miss] = cached?.kind === "hit" ? [cached, undefined] : [undefined, cached];
  let admitted: Admitted | undefined;
  try {
    admitted = hit ? undefined : await admit(core, request, { api, model, body });
    const asksUsage = stream && (settings.includeUsage || isMetered(core, request, api));
    const outgoing = outgoingOf(core, { api, body, isWire, asksUsage, isSent: !hit });
    if (!hit && outgoing.body !== content) incoming.hold(outgoing.body.length);
    // Of what is refused, or answered from here, nothing was saved.
    if (!hit) core.stats.count("savedTokens", tokensSaved);
    return {
      api,
      dialect,
      model,
      route,
      body: content,
      isReplayable: true,
      stripsUsage: outgoing.stripsUsage,
      scan,
      cache: miss,
      hit,
      reply: replyOf(core, request, replyHeaders),
      replyHeaders,
      requestBytes: { received: receivedBytes, sent: hit ? 0 : outgoing.body.length },
      requestFor: (upstream, carried) => {
        const { own, replaced, body } = outgoing;
        const headers = carried ? [...own, ...carried] : own;
        return {
          method: "POST",
          path,
          headers: headersFor(core.gatekeeper, request, upstream, dialect, replaced, headers),
          body,
        };
      },
      settle: admitted && ((spent) => (admitted as Admitted).settle(spent)),
    };
  } catch (error) {
    // Nobody is to wait for an answer that does not come, or to pay for it.
    miss?.abandon();
    void admitted?.settle({ tokens: 0, usd: 0 });
    throw error;
  }
}

/** The body as the client means it. What it came as is not kept. */
async function readContent(
  { engine }: ProxyCore,
  request: IncomingMessage,
  incoming: IncomingBody,
): Promise<{ readonly content: Buffer; readonly receivedBytes: number; readonly isWire: boolean }> {
  const received = await incoming.readBody();
  incoming.markReady();
  const receivedBytes = received.length;
  const opened = incoming.unpack((maxBytes) => readWireBody(engine, request.headers, received, maxBytes));
  if (!opened) return { content: received, receivedBytes, isWire: false };
  const { buffer, byteOffset, byteLength } = opened.bytes;
  return { content: Buffer.from(buffer, byteOffset, byteLength), receivedBytes, isWire: true };
}

interface Outgoing {
  readonly body: Buffer;
  /** Headers that it has in place of the client's, name, value, name, value. */
  readonly own: readonly string[];
  /** Names of the client's headers that it does not have. */
  readonly replaced: readonly string[];
  readonly stripsUsage: boolean;
}

/** What an upstream is sent. */
function outgoingOf(
  { peer, upstreams }: ProxyCore,
  {
    api,
    body,
    isWire,
    asksUsage,
    isSent,
  }: Pick<Call, "api" | "body"> & {
    readonly isWire: boolean;
    readonly asksUsage: boolean;
    readonly isSent: boolean;
  },
): Outgoing {
  const injected = asksUsage ? injectIncludeUsage(api, body) : undefined;
  const plain = injected ?? body;
  const link = isSent ? peer?.encode(plain, upstreams) : undefined;
  const isAnew = link !== undefined || isWire;
  return {
    body: link?.body ?? plain,
    own: isAnew ? [...IDENTITY, ...(link?.headers ?? JSON_TYPE)] : IDENTITY,
    replaced: isAnew ? [...CODINGS, "content-type"] : CODINGS,
    stripsUsage: injected !== undefined,
  };
}

/** The form of answers that the client asks for, which is told of it in `replyHeaders`. */
function replyOf(
  { engine }: ProxyCore,
  { headers }: IncomingMessage,
  replyHeaders: string[],
): ReplyCodec | undefined {
  const format = readAccept(textOf(headers["x-m2m-accept"]));
  if (!format) return undefined;
  const reply = new ReplyCodec(engine, format);
  replyHeaders.push(...reply.offer);
  return reply;
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(",") : value;
}

/** @throws {UnsupportedError} `M2M_MEDIA_TYPE_UNSUPPORTED` of a body that is not what a scan of it sees */
export function assertReadable({ headers }: IncomingMessage): void {
  const coding = headers["content-encoding"];
  if (coding === undefined || coding.toLowerCase() === "identity") return;
  throw new UnsupportedError(
    "M2M_MEDIA_TYPE_UNSUPPORTED",
    "A body with Content-Encoding cannot be scanned.",
    {
      hint: "Send it without.",
    },
  );
}

interface Call {
  readonly api: ProviderApi;
  readonly model?: string;
  readonly body: Buffer;
}

/** The body at the level that is set, unless the client says otherwise. */
function optimized(
  { settings, optimizer, logger }: ProxyCore,
  request: IncomingMessage,
  { api, model, body }: Call,
  replyHeaders: string[],
): { readonly body: Buffer; readonly tokensSaved: number } {
  const level = settings.optimize;
  const unchanged = { body, tokensSaved: 0 };
  if (level === "off" || request.headers["x-m2m-optimize"] === "off" || !isUtf8(body)) return unchanged;
  const result = optimizer.optimize(body.toString(), { api, level, model });
  if (result.note !== undefined) logger.debug({ note: result.note }, "not optimized");
  if (result.changes.length === 0) return unchanged;
  const usd = result.usdSaved === undefined ? "" : `; usd=${result.usdSaved.toFixed(6)}`;
  replyHeaders.push("x-m2m-saved", `tokens=${result.tokensSaved}${usd}; changes=${result.changes.length}`);
  return { body: Buffer.from(result.body), tokensSaved: result.tokensSaved };
}

async function lookUp(
  { cache, upstreams, stats }: ProxyCore,
  request: IncomingMessage,
  { api, path, body }: Call & { path: string },
  replyHeaders: string[],
): Promise<CacheHit | CacheMiss | undefined> {
  if (!cache || !isCacheable(api, body, cache.scope)) return undefined;
  const { headers } = request;
  const { reads, writes } = cacheDirectivesOf(headers);
  if (!writes) {
    replyHeaders.push("x-m2m-cache", "bypass");
    return undefined;
  }
  const target = upstreams.map((upstream) => upstream.target.url).join(" ");
  const key = cacheKeyOf({ target, api, method: "POST", path, headers, body });
  const found = await cache.answers.lookUp(key, { reads });
  stats.count(found.kind === "hit" ? "cacheHits" : "cacheMisses");
  if (found.kind === "miss") replyHeaders.push("x-m2m-cache", "miss");
  return found;
}

/** @throws {Refusal} */
async function admit(
  core: ProxyCore,
  request: IncomingMessage,
  { api, model, body }: Call,
): Promise<Admitted | undefined> {
  const { budgets, models } = core;
  if (!budgets) return undefined;
  const decision = await budgets.admit(spenderOf(core, request, api), estimateSpend(models, model, body));
  if (decision.allowed) return decision;
  throw limited(core, decision);
}

/** Whether what a request takes counts for its client's limits: thoughts that are not shown are known to the provider alone. */
function isMetered(core: ProxyCore, request: IncomingMessage, api: ProviderApi): boolean {
  return core.budgets?.isMetered(spenderOf(core, request, api)) === true;
}

/** Whose limits a request counts for: if the proxy has the keys, a client that shows another each time is the same. */
export function spenderOf({ gatekeeper }: ProxyCore, request: IncomingMessage, api: ProviderApi): string {
  return gatekeeper.holdsKeys ? ANONYMOUS : clientKeyOf(api, request.headers);
}

/** Counts that a client has had its share, and says so. */
export function limited({ stats }: ProxyCore, { error, headers }: Refused): Refusal {
  stats.count("limited");
  return new Refusal(error, headers);
}
