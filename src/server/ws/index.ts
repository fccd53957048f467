/** Sessions over WebSocket (docs/spec/transport.md). */
export { CLOSE_CODES, type CloseCode } from "./close-codes.js";
export { createWebSocketEndpoint, type WebSocketEndpoint } from "./endpoint.js";
export type { WebSocketOptions } from "./options.js";
