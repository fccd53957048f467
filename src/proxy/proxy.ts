import type { IncomingMessage, ServerResponse } from "node:http";
import { answerEarly, asksForWebSocket, listen, Teardown, type Listener } from "../http/index.js";
import { InputError, UnsupportedError } from "../shared/errors.js";
import { handleAdmin } from "./admin/handle-admin.js";
import { upgradeRefusal } from "./api-errors.js";
import { createCore, type ProxyCore } from "./core.js";
import { Exchange } from "./exchange.js";
import { loggedPath } from "./logged-request.js";
import { isLoop, repeatsCredential } from "./headers.js";
import type { ProxyOptions } from "./options.js";
import { MAX_TARGET_UNITS, readRequestTarget, type RequestTarget } from "./path.js";
import { prepareOther } from "./prepare-other.js";
import { prepareCall } from "./prepare.js";
import { apiOf } from "./providers/index.js";
import { Refusal } from "./refusal.js";
import type { ProxyStats } from "./stats/stats.js";
import { openTracing } from "./tracing.js";

/** A proxy that listens. */
export interface Proxy extends Pick<Listener, "host" | "port" | "url"> {
  readonly stats: ProxyStats;
  /** Lets running exchanges finish, up to `graceMs` (10 s), then cuts them. */
  close(graceMs?: number): Promise<void>;
}

const DEFAULT_GRACE_MS = 10_000;
/** A recording or a file may take minutes to arrive. */
const REQUEST_TIMEOUT_MS = 600_000;

/** A store answers within that, or is away. */
const SETTLE_MS = 2000;

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/**
 * Starts a proxy.
 * @throws {InputError} `M2M_LISTEN_FAILED`, `M2M_USAGE`
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  let isDraining = false;
  const teardown = new Teardown();
  const core = createCore(options, { tracing: openTracing(), isDraining: () => isDraining });
  // Exchanges that were cut settle when they end: who closes the stores behind the proxy would take their money with them.
  teardown.group()(() => core.budgets?.idle(SETTLE_MS));
  const onUpstreamsClose = teardown.group();
  for (const upstream of core.upstreams) onUpstreamsClose(() => upstream.close());
  let listener: Listener;
  try {
    listener = await listenFor(core, options);
  } catch (error) {
    // What went wrong first is what is told.
    await teardown.run(0).catch(() => {});
    throw error;
  }
  teardown.group()((graceMs) => listener.close(graceMs));
  const { host, port, url } = listener;
  return {
    host,
    port,
    url,
    stats: core.stats,
    close(graceMs = DEFAULT_GRACE_MS) {
      isDraining = true;
      return teardown.run(graceMs);
    },
  };
}

function listenFor(core: ProxyCore, { host, port }: ProxyOptions): Promise<Listener> {
  const handler = (request: IncomingMessage, response: ServerResponse): void =>
    handle(core, request, response);
  return listen(handler, {
    host,
    port,
    limits: { requestTimeoutMs: REQUEST_TIMEOUT_MS, stallTimeoutMs: core.settings.idleTimeoutMs },
  });
}

function refuseUpgrade(
  { logger, requestIds, stats }: ProxyCore,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { status, body } = upgradeRefusal(request);
  const id = requestIds.next();
  const headers = ["content-type", "application/json", "x-m2m-request-id", id];
  answerEarly(response, status, headers, Buffer.from(body));
  const none = { received: 0, sent: 0 };
  const responseBytes = { received: 0, sent: body.length };
  stats.start();
  stats.end({ outcome: "finished", status, totalMs: 0, requestBytes: none, responseBytes });
  logger.debug({ request: id, path: loggedPath(request), status }, "upgrade refused");
}

function handle(core: ProxyCore, request: IncomingMessage, response: ServerResponse): void {
  if (asksForWebSocket(request)) return refuseUpgrade(core, request, response);
  const target = readRequestTarget(request.url ?? "");
  if (target?.path.startsWith("/_m2m/") || target?.path === "/_m2m") {
    void handleAdmin(core, request, response, target);
    return;
  }
  void new Exchange(core, request, response).run((exchange) => {
    const { path, query } = assertPassable(core, request, target);
    const api = apiOf(request.method ?? "", path);
    return api === "other"
      ? prepareOther(core, request, path + query, exchange)
      : prepareCall(core, request, path + query, api, exchange);
  });
}

/**
 * Where a request goes, if it may go anywhere.
 * @throws {InputError} `M2M_NOT_FOUND`, `M2M_REQUEST_INVALID`, and as the gatekeeper
 * @throws {Refusal} `M2M_METHOD_UNSUPPORTED`
 */
function assertPassable(
  { gatekeeper }: ProxyCore,
  request: IncomingMessage,
  target: RequestTarget | undefined,
): RequestTarget {
  if (!target) throw noSuchPlace(request.url ?? "");
  if (!target.path.startsWith("/v1/")) throw noSuchPlace(target.path);
  if (!METHODS.has(request.method ?? "")) {
    const error = new UnsupportedError("M2M_METHOD_UNSUPPORTED", "This method is not passed on.");
    throw new Refusal(error, ["allow", [...METHODS].join(", ")]);
  }
  if (isLoop(request.headers.via))
    throw new InputError("M2M_REQUEST_INVALID", "The proxy forwards to itself.");
  if (repeatsCredential(request.rawHeaders))
    throw new InputError("M2M_REQUEST_INVALID", "A credential is sent twice.");
  gatekeeper.assertAdmitted(request);
  return target;
}

function noSuchPlace(url: string): InputError {
  if (url.length > MAX_TARGET_UNITS) {
    return new InputError(
      "M2M_NOT_FOUND",
      `The path and its query are longer than ${MAX_TARGET_UNITS} characters.`,
    );
  }
  if (/^\/+v1\//.test(url)) {
    return new InputError("M2M_NOT_FOUND", "The path could mean another place than it says.", {
      hint: "It holds dot segments, a double slash at its beginning, or escapes that are none.",
    });
  }
  return new InputError("M2M_NOT_FOUND", "There is nothing at this path.", {
    hint: "APIs are below /v1/, the proxy's own pages below /_m2m/.",
  });
}
