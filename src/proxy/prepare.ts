import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Dispatcher } from "undici";
import { UnsupportedError } from "../shared/errors.js";
import { estimateSpend, type Refused, type Spent } from "./budgets/index.js";
import { cacheDirectivesOf, cacheKeyOf, isCacheable, type CacheHit, type CacheMiss } from "./cache/index.js";
import type { ProxyCore } from "./core.js";
import type { Gatekeeper } from "./security/gatekeeper.js";
import { forwardedHeaders } from "./headers.js";
import { readAccept, readWireBody, ReplyCodec } from "./m2m/index.js";
import {
  ANONYMOUS,
  clientKeyOf,
  CREDENTIAL_HEADERS,
  dialectOf,
  injectIncludeUsage,
  readRequestHead,
  type Dialect,
  type ProviderApi,
} from "./providers/index.js";
import { Refusal } from "./refusal.js";
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
  settle?(spent: Spent): Promise<void>;
}

/** The body of a request that is being prepared. */
export interface IncomingBody {
  /** All of it. */
  readBody(): Promise<Buffer>;
  /** To be called when it is there, whole or to be streamed. */
  markReady(): void;
}

/** The proxy reads the answer itself, so it must come as it is. */
const CODINGS: readonly string[] = ["accept-encoding"];
const ONLY_CODINGS: ReadonlySet<string> = new Set(CODINGS);
const IDENTITY: readonly string[] = ["accept-encoding", "identity"];
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
  const { settings, engine, gatekeeper, peer } = core;
  if (core.scanner && settings.blocking) assertReadable(request);
  const received = await incoming.readBody();
  incoming.markReady();
  const opened = readWireBody(engine, request.headers, received);
  const content = opened ?? received;
  const dialect = dialectOf(api, request.headers);
  const { model, stream } = readRequestHead(content);
  const route = { model, isCall: true };
  assertServed(core.upstreams, route);
  const scan = core.scanner?.pending(content);
  if (scan && settings.blocking) assertSafe(core, "request", await scan.result());
  const replyHeaders: string[] = [];
  const body = optimized(core, request, { api, model, body: content }, replyHeaders);
  const cached = await lookUp(core, request, { api, path, body }, replyHeaders);
  const admitted =
    cached?.kind === "hit" ? undefined : await admit(core, request, { api, model, body }, cached);
  const injected = settings.includeUsage && stream ? injectIncludeUsage(api, body) : undefined;
  const plain = injected ?? body;
  const link = cached?.kind === "hit" ? undefined : peer?.encode(plain, core.upstreams);
  const format = readAccept(textOf(request.headers["x-m2m-accept"]));
  const reply = format && new ReplyCodec(engine, format);
  if (reply) replyHeaders.push(...reply.offer);
  const own = link || opened ? [...IDENTITY, ...(link?.headers ?? JSON_TYPE)] : IDENTITY;
  const replaced = link || opened ? [...CODINGS, "content-type"] : CODINGS;
  const sent = link?.body ?? plain;
  return {
    api,
    dialect,
    model,
    route,
    body: content,
    isReplayable: true,
    stripsUsage: injected !== undefined,
    scan,
    cache: cached?.kind === "miss" ? cached : undefined,
    hit: cached?.kind === "hit" ? cached : undefined,
    reply,
    replyHeaders,
    requestBytes: { received: received.length, sent: cached?.kind === "hit" ? 0 : sent.length },
    requestFor: (upstream, carried) => ({
      method: "POST",
      path,
      headers: headersFor(
        gatekeeper,
        request,
        upstream,
        dialect,
        replaced,
        carried ? [...own, ...carried] : own,
      ),
      body: sent,
    }),
    settle: admitted && ((spent) => admitted.settle(spent)),
  };
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(",") : value;
}

/**
 * The client's headers for an upstream, with its own credentials if it has any.
 * @param replaced names in lower case that are left out, beside those of `own`
 */
export function headersFor(
  gatekeeper: Gatekeeper,
  request: IncomingMessage,
  { apiKey, token }: Upstream,
  dialect: Dialect,
  replaced: readonly string[],
  own: readonly string[],
): string[] {
  const { rawHeaders } = request;
  const secrets = apiKey === undefined ? gatekeeper.tokenHeaders(request) : CREDENTIAL_HEADERS;
  // The common case, without sets and lists of its own.
  if (secrets.length === 0 && token === undefined && own === IDENTITY && replaced === CODINGS)
    return forwardedHeaders(rawHeaders, { without: ONLY_CODINGS, extra: IDENTITY });
  const without = new Set([...replaced, ...secrets]);
  const extra = [...own];
  if (apiKey !== undefined) {
    extra.push(...(dialect === "anthropic" ? ["x-api-key", apiKey] : ["authorization", `Bearer ${apiKey}`]));
  }
  if (token !== undefined) extra.push("x-m2m-token", token);
  for (let i = 0; i < own.length; i += 2) without.add(own[i]);
  return forwardedHeaders(rawHeaders, { without, extra });
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
  { settings, optimizer, stats, logger }: ProxyCore,
  request: IncomingMessage,
  { api, model, body }: Call,
  replyHeaders: string[],
): Buffer {
  const level = settings.optimize;
  if (level === "off" || request.headers["x-m2m-optimize"] === "off" || !isUtf8(body)) return body;
  const result = optimizer.optimize(body.toString(), { api, level, model });
  if (result.note !== undefined) logger.debug({ note: result.note }, "not optimized");
  if (result.changes.length === 0) return body;
  stats.count("savedTokens", result.tokensSaved);
  const usd = result.usdSaved === undefined ? "" : `; usd=${result.usdSaved.toFixed(6)}`;
  replyHeaders.push("x-m2m-saved", `tokens=${result.tokensSaved}${usd}; changes=${result.changes.length}`);
  return Buffer.from(result.body);
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
  cached: CacheMiss | undefined,
): Promise<{ settle(spent: Spent): Promise<void> } | undefined> {
  const { budgets, models } = core;
  if (!budgets) return undefined;
  const decision = await budgets.admit(spenderOf(core, request, api), estimateSpend(models, model, body));
  if (decision.allowed) return decision;
  // Nobody is to wait for an answer that does not come.
  cached?.abandon();
  throw limited(core, decision);
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
