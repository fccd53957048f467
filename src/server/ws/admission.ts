import type { IncomingMessage } from "node:http";
import { isLoopbackOrigin } from "../../http/index.js";
import { WEBSOCKET_BEARER_PREFIX } from "../../session/index.js";
import type { ResolvedWebSocketOptions } from "./options.js";

/** The subprotocols that a client offers, in its order. */
export function offeredProtocols({ headers }: IncomingMessage): string[] {
  return (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
}

/** What the client shows for itself, as an `Authorization` header: that header, or a subprotocol of a browser. */
export function authorizationOf(request: IncomingMessage): string | undefined {
  const { authorization } = request.headers;
  if (authorization !== undefined) return authorization;
  const offered = offeredProtocols(request).find((name) => name.startsWith(WEBSOCKET_BEARER_PREFIX));
  if (offered === undefined) return undefined;
  return `Bearer ${Buffer.from(offered.slice(WEBSOCKET_BEARER_PREFIX.length), "base64url").toString()}`;
}

/**
 * Whether the page that opens the connection, if it is one, may do so: it is the server's own, or on the list. Other clients
 * send no `Origin`, or can send any.
 */
export function isOriginAllowed(
  { headers }: IncomingMessage,
  { origins, localPagesOnly }: Pick<ResolvedWebSocketOptions, "origins" | "localPagesOnly">,
): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (origins.includes(origin)) return true;
  if (localPagesOnly && !isLoopbackOrigin(origin)) return false;
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
