import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import {
  isLoopbackOrigin,
  readBody,
  sendProblem,
  RequestIds,
  TurnEnd,
  type HeldBytes,
  type HeldShare,
  type BearerGuard,
  type RateLimiter,
  type Logger,
  type RequestHandler,
} from "../http/index.js";
import { clientOf } from "../shared/client-network.js";
import { InputError, LimitError, UnsupportedError } from "../shared/errors.js";
import type { RateDecision } from "../shared/stores.js";
import { assertJsonType, parseJsonBody } from "./json-body.js";
import { describeProblem } from "./refusal.js";
import {
  BEARER_CHALLENGE,
  nothingHere,
  RETRY_AFTER_S,
  shuttingDown,
  tokenMissing,
} from "./admission-errors.js";
import type { Method, Reply, Route, RouteRequest } from "./route.js";
import { allowedMethods, Router, type Match } from "./router.js";
import type { ServerServices } from "./services.js";
import { LaterError } from "./sessions/index.js";
import { compileChecks, type RouteChecks } from "./validation.js";

export interface AppOptions {
  readonly services: ServerServices;
  readonly routes: readonly Route<ServerServices>[];
  readonly maxBodyBytes: number;
  readonly maxJsonDepth: number;
  /** Requests that may be worked on at once; those that wait for messages do not count. */
  readonly maxActiveRequests: number;
  /** Bounds what all requests hold in memory: bodies, what they are opened to, and answers. */
  readonly held: HeldBytes;
  /** Absent: nobody has to show a token. */
  readonly authorize?: BearerGuard;
  /** Refuse pages of other machines, whatever name they reach this one by (DNS rebinding). */
  readonly localPagesOnly?: boolean;
  /** Absent: no limit. */
  readonly limiter?: RateLimiter;
  /** Where a request comes from. */
  readonly addressOf: (request: IncomingMessage) => string | undefined;
  readonly logger: Logger;
}

/** Stands in metrics for every path that is not in the table. */
const NO_ROUTE = "unknown";

/** A body over so many bytes may take milliseconds: the answers that are there already are not kept waiting for it. */
const LONG_BODY_BYTES = 8 * 1024;

/** The API as a handler of requests. */
export function createApp(options: AppOptions): RequestHandler {
  const app = new App(options);
  return (request, response) => void app.serve(request, response);
}

class App {
  readonly #options: AppOptions;
  readonly #router: Router<ServerServices>;
  readonly #checks: ReadonlyMap<Route<ServerServices>, RouteChecks>;
  readonly #turnEnd = new TurnEnd();
  readonly #ids = new RequestIds();
  /** Requests that count for `maxActiveRequests`, and those of them whose answers only wait for the end of the turn. */
  #working = 0;
  #leaving = 0;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#router = new Router(options.routes);
    this.#checks = compileChecks(options.routes);
  }

  /** Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { addressOf, services } = this.#options;
    const { metrics } = services;
    const startedAtMs = metrics.begin();
    const id = this.#ids.next();
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    const match = this.#router.find(mark < 0 ? url : url.slice(0, mark));
    const route = match?.routes.get((request.method === "HEAD" ? "GET" : request.method) as Method);
    let isCounted = false;
    const held = this.#options.held.open();
    let isHandled = false;
    response.once("close", () => {
      if (isCounted) this.#working--;
      // What is still worked on is held, whoever has gone meanwhile.
      if (isHandled) held.release();
      // 499 is what nginx writes for a client that did not wait for its answer.
      const status = response.writableFinished ? response.statusCode : 499;
      metrics.end(route?.path ?? NO_ROUTE, status, startedAtMs);
      const { logger } = this.#options;
      if (logger.isLevelEnabled("debug")) {
        logger.debug(
          { request: id, method: request.method, url, status, client: addressOf(request) },
          "request",
        );
      }
    });
    try {
      const client = clientOf(addressOf(request));
      const rate = route?.isOpen ? undefined : this.#options.limiter?.take(client);
      if (rate) assertRate(response, rate instanceof Promise ? await rate : rate);
      this.#admit(request, response, match, route);
      if (!route || !match) return;
      if (!route.waits) {
        isCounted = true;
        this.#working++;
      }
      const search = mark < 0 ? "" : url.slice(mark + 1);
      const prepared = await this.#prepare(request, response, route, match, { id, client, search, held });
      const write = writerOf(response, await route.handle(prepared, this.#options.services), held);
      if (isCounted) this.#leaving++;
      this.#turnEnd.add(() => {
        if (isCounted) this.#leaving--;
        write();
      });
    } catch (error) {
      this.#refuse(id, request, response, error);
    }
    isHandled = true;
    if (response.destroyed) held.release();
  }

  /** Who is let in, and to what. */
  #admit(
    { headers, method }: IncomingMessage,
    response: ServerResponse,
    match: Match<ServerServices> | undefined,
    route: Route<ServerServices> | undefined,
  ): void {
    const { authorize, localPagesOnly, maxActiveRequests, services } = this.#options;
    // Who has no token learns nothing of the paths either.
    if (authorize && !route?.isOpen && !authorize(headers.authorization)) {
      response.setHeader("www-authenticate", BEARER_CHALLENGE);
      throw tokenMissing();
    }
    if (localPagesOnly && headers.origin !== undefined && !isLoopbackOrigin(headers.origin)) {
      throw new InputError("M2M_ORIGIN_FORBIDDEN", "Pages of other machines are not let in without a token.");
    }
    if (!match) throw nothingHere();
    if (!route) {
      response.setHeader("allow", allowedMethods(match.routes));
      throw new UnsupportedError(
        "M2M_METHOD_UNSUPPORTED",
        `The path does not know ${method ?? "this method"}.`,
      );
    }
    if (services.isDraining() && !route.isOpen) {
      response.setHeader("retry-after", RETRY_AFTER_S);
      throw shuttingDown();
    }
    if (this.#working - this.#leaving >= maxActiveRequests && !route.isOpen) {
      response.setHeader("retry-after", RETRY_AFTER_S);
      throw new LimitError("M2M_BUSY", "The server works on as many requests as it may.");
    }
  }

  /** Reads and checks what the route takes. */
  async #prepare(
    request: IncomingMessage,
    response: ServerResponse,
    route: Route<ServerServices>,
    { params }: Match<ServerServices>,
    { id, client, search, held }: Arrived,
  ): Promise<RouteRequest<unknown, unknown>> {
    const { maxBodyBytes, maxJsonDepth } = this.#options;
    const checks = this.#checks.get(route);
    const query = checks?.query?.(search);
    let bytes: Buffer = NO_BYTES;
    let body: unknown;
    if (route.body) {
      const isEmpty = route.bodyOptional && request.headers["content-length"] === "0";
      const isAbsent = route.bodyOptional && !hasBody(request);
      if (!isEmpty && !isAbsent) assertJsonType(request.headers);
      bytes = await readBody(request, maxBodyBytes, (sizeBytes) => held.tryHold(sizeBytes));
      if (bytes.length > LONG_BODY_BYTES) this.#turnEnd.flush();
      if (!route.bodyRaw) {
        body = route.bodyOptional && bytes.length === 0 ? {} : parseJsonBody(bytes, maxJsonDepth);
        checks?.body?.(body);
      }
    }
    return new PreparedRequest(response, { body, query, params, bytes, id, client, held });
  }

  #refuse(id: string, request: IncomingMessage, response: ServerResponse, error: unknown): void {
    // The client has gone: that is why something was broken off, and nobody hears of it.
    if (response.destroyed) return;
    const problem = describeProblem(error);
    if (problem.status >= 500 && problem.status !== 503) {
      this.#options.logger.error(
        { request: id, err: error, method: request.method, url: request.url },
        "request failed",
      );
    }
    if (error instanceof LaterError && error.retryAfterMs !== undefined && !response.headersSent)
      response.setHeader("retry-after", Math.ceil(error.retryAfterMs / 1000));
    sendProblem(response, problem);
  }
}

/** What is known of a request before it is read. */
interface Arrived {
  readonly id: string;
  readonly client: string;
  /** Of the address, without the question mark. */
  readonly search: string;
  readonly held: HeldShare;
}

/** @throws {LimitError} `M2M_RATE_LIMITED` */
function assertRate(response: ServerResponse, { allowed, retryAfterMs }: RateDecision): void {
  if (allowed) return;
  response.setHeader("retry-after", Math.ceil(retryAfterMs / 1000));
  throw new LimitError("M2M_RATE_LIMITED", "That is more requests than a client may send in the time.", {
    hint: "Send it again after the seconds in Retry-After.",
  });
}

const NO_BYTES = Buffer.alloc(0);

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

type Parts = Omit<RouteRequest<unknown, unknown>, "signal">;

/** A class, not an object with a getter: each of those would be of a shape of its own, which the engine keeps for long. */
class PreparedRequest implements RouteRequest<unknown, unknown> {
  readonly body: unknown;
  readonly query: unknown;
  readonly params: Parts["params"];
  readonly bytes: Buffer;
  readonly id: string;
  readonly client: string;
  readonly held: Parts["held"];
  readonly #response: ServerResponse;
  #signal: AbortSignal | undefined;

  constructor(response: ServerResponse, parts: Parts) {
    this.body = parts.body;
    this.query = parts.query;
    this.params = parts.params;
    this.bytes = parts.bytes;
    this.id = parts.id;
    this.client = parts.client;
    this.held = parts.held;
    this.#response = response;
  }

  /** Made for who asks for it: most do not. */
  get signal(): AbortSignal {
    return (this.#signal ??= closeSignal(this.#response));
  }
}

/** Is aborted when the answer is over, or the client gone. */
function closeSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  else response.once("close", () => controller.abort());
  return controller.signal;
}

/** What writes a reply, and throws nothing: all that may go wrong is done before. */
function writerOf(
  response: ServerResponse,
  { headers, json, status = 200, text, type }: Reply,
  held: HeldShare,
): () => void {
  const body = text ?? (json === undefined ? undefined : JSON.stringify(json));
  const fields: OutgoingHttpHeaders =
    body === undefined
      ? { "cache-control": "no-store" }
      : {
          "cache-control": "no-store",
          "content-type": type ?? "application/json",
          "content-length": Buffer.byteLength(body),
        };
  // What was asked for is done: an answer is not refused for its size.
  held.add(Number(fields["content-length"] ?? 0));
  if (headers) Object.assign(fields, headers);
  return () => {
    if (response.destroyed) return;
    response.writeHead(status, fields);
    response.end(body);
  };
}
