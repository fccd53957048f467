import type { IncomingMessage } from "node:http";

/** The subprotocol of docs/spec/transport.md: who offers it reads binary frames and what transports add. */
export const SUBPROTOCOL = "m2m";
/** A subprotocol that is a token, for browsers, which can set no header: the token in base64url behind it. */
const BEARER_SUBPROTOCOL = "m2m.bearer.";

/** The subprotocols that a client offers, in its order. */
export function offeredProtocols({ headers }: IncomingMessage): string[] {
  return (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
}

/** What the client shows for itself, as an `Authorization` header: that header, or a subprotocol of a browser. */
export function authorizationOf(request: IncomingMessage): string | undefined {
  const { authorization } = request.headers;
  if (authorization !== undefined) return authorization;
  const offered = offeredProtocols(request).find((name) => name.startsWith(BEARER_SUBPROTOCOL));
  if (offered === undefined) return undefined;
  return `Bearer ${Buffer.from(offered.slice(BEARER_SUBPROTOCOL.length), "base64url").toString()}`;
}

/**
 * Whether the page that opens the connection, if it is one, may do so: it is the server's own, or on the list. Other clients
 * send no `Origin`, or can send any.
 */
export function isOriginAllowed({ headers }: IncomingMessage, origins: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (origins.includes(origin)) return true;
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
