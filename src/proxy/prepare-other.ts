import type { IncomingMessage } from "node:http";
import type { Dispatcher } from "undici";
import type { ProxyCore } from "./core.js";
import { assertReadable, limited, spenderOf, type IncomingBody, type Prepared } from "./prepare.js";
import { headersFor } from "./request-headers.js";
import { dialectOf, isFreeRequest, readRequestHead } from "./providers/index.js";
import { assertSafe } from "./security/threats.js";
import { listModels } from "./list-models.js";
import { assertServed, type Route } from "./upstream/choose.js";
import { onlyAsks } from "./upstream/retry.js";

/**
 * A request of an API that the proxy does not understand. Text is read whole, to be scanned and sent where its model is served;
 * files, sound and forms stream through. It is not sent again, unless it only asks: what it does is not known.
 * @throws {M2MError} `M2M_INPUT_TOO_LARGE`, `M2M_BUSY`, `M2M_MEDIA_TYPE_UNSUPPORTED`, `M2M_SECURITY_THREAT`, `M2M_SCAN_FAILED`,
 * `M2M_MODEL_NOT_SERVED`
 * @throws {Refusal} if the client has had its share
 */
export async function prepareOther(
  core: ProxyCore,
  request: IncomingMessage,
  path: string,
  incoming: IncomingBody,
): Promise<Prepared> {
  await admit(core, request, path);
  const { "transfer-encoding": coding, "content-length": length } = request.headers;
  const hasBody = coding !== undefined || Number(length ?? 0) > 0;
  if (hasBody && isText(request)) return prepareText(core, request, path, incoming);
  incoming.markReady();
  return hasBody ? prepareStream(core, request, path) : prepareEmpty(core, request, path, incoming);
}

/** @throws {Refusal} if the client has had its share, or has a budget and what it asks for has no price that is known */
async function admit(core: ProxyCore, request: IncomingMessage, path: string): Promise<void> {
  const { budgets } = core;
  if (!budgets) return;
  const spender = spenderOf(core, request, "other");
  const isFree = isFreeRequest(request.method ?? "", path.split("?", 1)[0]);
  const refused = await (isFree ? budgets.admitFree(spender) : budgets.admitUnpriced(spender));
  if (refused) throw limited(core, refused);
}

/** What says of itself that it is no text is none to a provider either: a body without a type may be anything. */
function isText({ headers }: IncomingMessage): boolean {
  const type = headers["content-type"];
  return type === undefined || /^\s*(?:text\/|application\/(?:[^;]*json|x-www-form-urlencoded))/i.test(type);
}

async function prepareText(
  core: ProxyCore,
  request: IncomingMessage,
  path: string,
  incoming: IncomingBody,
): Promise<Prepared> {
  const { settings, scanner, upstreams } = core;
  if (scanner && settings.blocking) assertReadable(request);
  const body = await incoming.readBody();
  incoming.markReady();
  const { model } = readRequestHead(body);
  incoming.noteModel(model);
  const route = { model, isCall: false };
  assertServed(upstreams, route);
  const scan = scanner?.pending(body);
  if (scan && settings.blocking) assertSafe(core, incoming.logged, "request", await scan.result());
  return {
    ...commonOf(core, request, path, body, route),
    model,
    scan,
    requestBytes: { received: body.length, sent: body.length },
  };
}

/** A request without a body. The models that the proxy serves are listed together, and one of them is asked for where it is served. */
async function prepareEmpty(
  core: ProxyCore,
  request: IncomingMessage,
  path: string,
  { logged }: IncomingBody,
): Promise<Prepared> {
  const plain = path.split("?", 1)[0];
  const route = { model: modelOfPath(plain), isCall: false };
  assertServed(core.upstreams, route);
  const common = {
    ...commonOf(core, request, path, null, route),
    isReplayable: onlyAsks(request),
    requestBytes: { received: 0, sent: 0 },
  };
  const takesAll = core.upstreams.length === 1 && !core.upstreams[0].isChoosy;
  if (takesAll || request.method !== "GET" || plain !== MODELS_PATH) return common;
  return { ...common, gathered: await listModels(core, request, path, common.dialect, logged) };
}

const MODELS_PATH = "/v1/models";

/** The model that a path of the catalog names: ids of some hosts have slashes. */
function modelOfPath(path: string): string | undefined {
  const id = path.startsWith(`${MODELS_PATH}/`) ? path.slice(MODELS_PATH.length + 1).replace(/\/$/, "") : "";
  return id === "" ? undefined : decodeURIComponent(id);
}

/** A request whose body streams through untouched: nothing of it is kept. */
function prepareStream(core: ProxyCore, request: IncomingMessage, path: string): Prepared {
  const sizes = { received: 0, sent: 0 };
  request.on("data", (chunk: Buffer) => {
    sizes.received = sizes.sent += chunk.length;
  });
  // It flows when the upstream takes it.
  request.pause();
  return {
    ...commonOf(core, request, path, request, { model: undefined, isCall: false }),
    requestBytes: sizes,
  };
}

function commonOf(
  { gatekeeper }: ProxyCore,
  request: IncomingMessage,
  path: string,
  body: Dispatcher.DispatchOptions["body"],
  route: Route,
): Omit<Prepared, "requestBytes"> {
  const { headers } = request;
  const dialect = dialectOf("other", headers);
  const length = headers["content-length"];
  const own = body === request && length !== undefined ? ["content-length", length] : [];
  return {
    api: "other",
    dialect,
    route,
    isReplayable: false,
    stripsUsage: false,
    replyHeaders: [],
    requestFor: (upstream, carried = []) => ({
      method: request.method as Dispatcher.HttpMethod,
      path,
      headers: headersFor(gatekeeper, request, upstream, dialect, [], [...own, ...carried]),
      body,
    }),
  };
}
