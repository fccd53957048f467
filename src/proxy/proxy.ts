import type { IncomingMessage, ServerResponse } from "node:http";
import { listen, problemOf, sendProblem, type Listener } from "../http/index.js";
import { InputError, UnsupportedError } from "../shared/errors.js";
import { handleAdmin } from "./admin/handle-admin.js";
import { sendApiError } from "./api-errors.js";
import { createCore, type ProxyCore } from "./core.js";
import { Exchange } from "./exchange.js";
import { isLoop, repeatsCredential } from "./headers.js";
import type { ProxyOptions } from "./options.js";
import { readRequestTarget } from "./path.js";
import { prepareOther } from "./prepare-other.js";
import { prepareCall } from "./prepare.js";
import { apiOf } from "./providers/index.js";
import type { ProxyStats } from "./stats/stats.js";
import { openTracing } from "./tracing.js";

/** A proxy that listens. */
export interface Proxy extends Pick<Listener, "host" | "port" | "url"> {
  readonly stats: ProxyStats;
  /** Lets running exchanges finish, up to `graceMs`, then cuts them. */
  close(graceMs?: number): Promise<void>;
}

/** A recording or a file may take minutes to arrive. */
const REQUEST_TIMEOUT_MS = 600_000;

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/**
 * Starts a proxy.
 * @throws {InputError} `M2M_LISTEN_FAILED`, `M2M_USAGE`
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  let isDraining = false;
  const core = createCore(options, { tracing: openTracing(), isDraining: () => isDraining });
  const handler = (request: IncomingMessage, response: ServerResponse): void =>
    handle(core, request, response);
  const listener = await listen(handler, {
    host: options.host,
    port: options.port,
    limits: { requestTimeoutMs: REQUEST_TIMEOUT_MS, stallTimeoutMs: core.settings.idleTimeoutMs },
    onUpgrade: (request, socket) => {
      socket.end("HTTP/1.1 501 Not Implemented\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      core.logger.debug({ path: request.url }, "upgrade refused");
    },
  });
  const { host, port, url } = listener;
  return {
    host,
    port,
    url,
    stats: core.stats,
    async close(graceMs) {
      isDraining = true;
      await listener.close(graceMs);
      await Promise.all(core.upstreams.map((upstream) => upstream.close()));
    },
  };
}

function handle(core: ProxyCore, request: IncomingMessage, response: ServerResponse): void {
  const target = readRequestTarget(request.url ?? "");
  if (target?.path.startsWith("/_m2m/") || target?.path === "/_m2m") {
    void handleAdmin(core, request, response, target);
    return;
  }
  if (!target?.path.startsWith("/v1/")) {
    sendProblem(response, problemOf(noSuchPlace()));
    return;
  }
  const method = request.method ?? "";
  if (!METHODS.has(method)) {
    const error = new UnsupportedError("M2M_METHOD_UNSUPPORTED", "This method is not passed on.");
    sendProblem(response, problemOf(error), { allow: [...METHODS].join(", ") });
    return;
  }
  if (isLoop(request.headers.via)) {
    sendApiError(request, response, new InputError("M2M_REQUEST_INVALID", "The proxy forwards to itself."));
    return;
  }
  if (repeatsCredential(request.rawHeaders)) {
    sendApiError(request, response, new InputError("M2M_REQUEST_INVALID", "A credential is sent twice."));
    return;
  }
  try {
    core.gatekeeper.assertAdmitted(request);
  } catch (error) {
    sendApiError(request, response, error);
    return;
  }
  const path = target.path + target.query;
  const api = apiOf(method, target.path);
  void new Exchange(core, request, response).run((exchange) =>
    api === "other"
      ? prepareOther(core, request, path, exchange)
      : prepareCall(core, request, path, api, exchange),
  );
}

function noSuchPlace(): InputError {
  return new InputError("M2M_NOT_FOUND", "There is nothing at this path.", {
    hint: "APIs are below /v1/, the proxy's own pages below /_m2m/.",
  });
}
