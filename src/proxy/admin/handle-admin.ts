import type { IncomingMessage, ServerResponse } from "node:http";
import { problemOf, sendProblem } from "../../http/index.js";
import { InputError, LimitError, UnsupportedError, UpstreamError } from "../../shared/errors.js";
import { namedHeaders } from "../api-errors.js";
import { noUpstream } from "../attempt-error.js";
import type { ProxyCore } from "../core.js";
import type { HeldBody } from "../held-bodies.js";
import type { RequestTarget } from "../path.js";
import { compressContent, decompressData } from "./codec-routes.js";
import { PAGE, pagePolicy } from "./page.js";
import { Refusal } from "../refusal.js";
import { renderMetrics } from "../stats/metrics.js";
import { snapshotOf } from "../stats/snapshot.js";

interface Reply {
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @param held what the request holds, until its answer is written */
type AdminHandler = (core: ProxyCore, request: IncomingMessage, held: HeldBody) => Reply | Promise<Reply>;
type AdminRoute = Readonly<Partial<Record<"GET" | "POST", AdminHandler>>>;

const json = (value: unknown): Reply => ({ type: "application/json", body: JSON.stringify(value) });

/** For probes, which have no token. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/_m2m/health", "/_m2m/ready"]);

const ROUTES: Readonly<Record<string, AdminRoute>> = {
  "/_m2m/": {
    GET: () => ({
      type: "text/html; charset=utf-8",
      body: PAGE,
      headers: { "content-security-policy": pagePolicy(), "referrer-policy": "no-referrer" },
    }),
  },
  "/_m2m/health": { GET: () => json({ status: "ok" }) },
  "/_m2m/ready": {
    GET: (core) => {
      assertReady(core);
      return json({ status: "ready" });
    },
  },
  "/_m2m/stats": { GET: (core) => json(snapshotOf(core)) },
  "/_m2m/metrics": {
    GET: async (core) => {
      const { text, type } = await renderMetrics(core);
      return { type, body: text };
    },
  },
  "/_m2m/compress": { POST: async (...request) => json(await compressContent(...request)) },
  "/_m2m/decompress": { POST: async (...request) => json(await decompressData(...request)) },
};

/** Answers what is below `/_m2m/`. */
export async function handleAdmin(
  core: ProxyCore,
  request: IncomingMessage,
  response: ServerResponse,
  { path }: RequestTarget,
): Promise<void> {
  const held = core.bodies.open();
  // A client may take its time to read.
  response.once("close", () => held.release());
  try {
    if (path === "/_m2m") {
      // The page's own addresses are relative.
      response.writeHead(308, { location: "/_m2m/", "content-length": 0 }).end();
      return;
    }
    const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
    if (!route) throw new InputError("M2M_NOT_FOUND", "There is nothing at this path.");
    if (!OPEN_PATHS.has(path)) core.gatekeeper.assertAdmittedToPages(request);
    const method = request.method === "HEAD" ? "GET" : request.method;
    const answer = method === "GET" || method === "POST" ? route[method] : undefined;
    if (!answer) {
      const error = new UnsupportedError("M2M_METHOD_UNSUPPORTED", "This path has another method.");
      sendProblem(response, problemOf(error), { allow: Object.keys(route).join(", ") });
      return;
    }
    const { type, body, headers } = await answer(core, request, held);
    // The client has gone meanwhile.
    if (response.destroyed) return;
    const bytes = Buffer.from(body);
    held.hold(bytes.length);
    response.writeHead(200, {
      "content-type": type,
      "content-length": bytes.length,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
    });
    response.end(bytes);
  } catch (error) {
    const { reason, headers } = error instanceof Refusal ? error : { reason: error, headers: [] };
    const problem = problemOf(reason);
    const challenge = problem.status === 401 && { "www-authenticate": 'Basic realm="m2m proxy", Bearer' };
    sendProblem(response, problem, { ...namedHeaders(headers), ...challenge });
  }
}

/**
 * Whether a request that comes now has a chance.
 * @throws {LimitError} `M2M_DRAINING`
 * @throws {UpstreamError} `M2M_UPSTREAM_UNAVAILABLE` while every upstream is given a rest; `M2M_STORE_UNAVAILABLE` while budgets cannot
 * be asked for
 */
function assertReady({ isBudgetAway, isDraining, upstreams }: ProxyCore): void {
  if (isDraining()) throw new LimitError("M2M_DRAINING", "The proxy is shutting down.");
  const nowMs = performance.now();
  if (upstreams.every(({ breaker }) => breaker.state(nowMs) === "open")) throw noUpstream();
  if (isBudgetAway()) throw new UpstreamError("M2M_STORE_UNAVAILABLE", "The store of budgets is away.");
}
