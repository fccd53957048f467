import { upgradeRequired } from "../admission-errors.js";
import { problemReply } from "../refusal.js";
import { route } from "../route.js";
import type { ServerServices } from "../services.js";

/** What asks for an upgrade does not get here, unless an answer before it is under way: the listener hands it to the endpoint. */
const CONNECT = route<ServerServices>({
  method: "GET",
  path: "/ws",
  operation: "openWebSocket",
  tag: "Sessions",
  summary: "Open a WebSocket that carries one session.",
  description:
    "A WebSocket handshake (RFC 6455) with the subprotocol m2m, or none; docs/spec/transport.md says what goes over the " +
    "connection. A browser, which cannot set Authorization, offers the token as the subprotocol m2m.bearer. and its " +
    "base64url. Without a handshake the answer is 426.",
  replies: { 101: { summary: "The connection is a WebSocket." } },
  problems: [403, 426],
  handle() {
    const { headers, ...reply } = problemReply(upgradeRequired(), undefined);
    return { ...reply, headers: { ...headers, connection: "Upgrade", upgrade: "websocket" } };
  },
});

export const WEB_SOCKET_ROUTES = [CONNECT];
