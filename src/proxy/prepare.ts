import type { IncomingMessage } from "node:http";
import type { Dispatcher } from "undici";
import { readBody } from "../http/index.js";
import type { ProxyCore } from "./core.js";
import { forwardedHeaders } from "./headers.js";
import {
  apiOf,
  dialectOf,
  injectIncludeUsage,
  readRequestHead,
  type Dialect,
  type ProviderApi,
} from "./providers/index.js";
import type { Outcome } from "./stats/stats.js";
import type { Upstream } from "./upstream/upstream.js";

export type UpstreamRequest = Pick<Dispatcher.DispatchOptions, "method" | "path" | "headers" | "body">;

/** A request as it goes to an upstream. */
export interface Prepared {
  readonly api: ProviderApi;
  readonly dialect: Dialect;
  readonly model?: string;
  /** Whether it can be sent again. */
  readonly isReplayable: boolean;
  /** The usage chunk of the stream was asked for by the proxy: the client did not. */
  readonly stripsUsage: boolean;
  /** What the scan says, where it does not hold the request up; settles before the answer begins. */
  readonly security?: Promise<string | undefined>;
  readonly requestBytes: { readonly received: number; readonly sent: number };
  requestFor(upstream: Upstream): UpstreamRequest;
  /** Told when the exchange is over. */
  release?(outcome: Outcome): void;
}

/** The proxy reads the answer itself, so it must come as it is. */
const CODINGS = new Set(["accept-encoding"]);
const IDENTITY = ["accept-encoding", "identity"];

/** A request whose body streams through untouched: nothing of it is kept, so it cannot be sent again. */
export function prepareStream(request: IncomingMessage, path: string): Prepared {
  const method = request.method as Dispatcher.HttpMethod;
  const hasBody =
    request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
  const length = request.headers["content-length"];
  const extra = hasBody && length !== undefined ? ["content-length", length] : [];
  const sizes = { received: 0, sent: 0 };
  if (hasBody) {
    request.on("data", (chunk: Buffer) => {
      sizes.received = sizes.sent += chunk.length;
    });
    // It flows when the upstream takes it.
    request.pause();
  }
  const api = apiOf(method, path);
  return {
    api,
    dialect: dialectOf(api, request.headers),
    isReplayable: !hasBody,
    stripsUsage: false,
    requestBytes: sizes,
    requestFor: () => ({
      method,
      path,
      headers: forwardedHeaders(request.rawHeaders, { extra }),
      body: hasBody ? request : null,
    }),
  };
}

/** A request of an API that the proxy understands: its body is read whole. */
export async function prepareCall(
  core: ProxyCore,
  request: IncomingMessage,
  path: string,
  api: ProviderApi,
  onReady: () => void,
): Promise<Prepared> {
  const received = await readBody(request, core.settings.maxBodyBytes);
  onReady();
  const head = readRequestHead(received);
  const injected = core.settings.includeUsage && head.stream ? injectIncludeUsage(api, received) : undefined;
  const body = injected ?? received;
  const headers = forwardedHeaders(request.rawHeaders, { without: CODINGS, extra: IDENTITY });
  return {
    api,
    dialect: dialectOf(api, request.headers),
    model: head.model,
    isReplayable: true,
    stripsUsage: injected !== undefined,
    requestBytes: { received: received.length, sent: body.length },
    requestFor: () => ({ method: "POST", path, headers, body }),
  };
}
