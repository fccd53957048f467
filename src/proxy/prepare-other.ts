import type { IncomingMessage } from "node:http";
import type { Dispatcher } from "undici";
import type { ProxyCore } from "./core.js";
import {
  assertReadable,
  headersFor,
  limited,
  spenderOf,
  type IncomingBody,
  type Prepared,
} from "./prepare.js";
import { dialectOf, isFreeRequest, readRequestHead } from "./providers/index.js";
import { assertSafe } from "./security/threats.js";
import { assertServed } from "./upstream/choose.js";

/**
 * A request of an API that the proxy does not understand. Text is read whole, to be scanned and sent where its model is served;
 * files, sound and forms stream through. It is not sent again: what it does is not known.
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
  return prepareStream(core, request, path, hasBody);
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
  assertServed(upstreams, model);
  const scan = scanner?.pending(body);
  if (scan && settings.blocking) assertSafe(core, "request", await scan.result());
  return {
    ...commonOf(core, request, path, body),
    model,
    scan,
    requestBytes: { received: body.length, sent: body.length },
  };
}

/** A request whose body streams through untouched: nothing of it is kept. */
function prepareStream(core: ProxyCore, request: IncomingMessage, path: string, hasBody: boolean): Prepared {
  assertServed(core.upstreams, undefined);
  const sizes = { received: 0, sent: 0 };
  if (!hasBody) return { ...commonOf(core, request, path, null), isReplayable: true, requestBytes: sizes };
  request.on("data", (chunk: Buffer) => {
    sizes.received = sizes.sent += chunk.length;
  });
  // It flows when the upstream takes it.
  request.pause();
  return { ...commonOf(core, request, path, request), requestBytes: sizes };
}

function commonOf(
  { gatekeeper }: ProxyCore,
  request: IncomingMessage,
  path: string,
  body: Dispatcher.DispatchOptions["body"],
): Omit<Prepared, "requestBytes"> {
  const { headers } = request;
  const dialect = dialectOf("other", headers);
  const length = headers["content-length"];
  const own = body === request && length !== undefined ? ["content-length", length] : [];
  return {
    api: "other",
    dialect,
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
