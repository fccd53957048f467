/** Names of docs/spec/transport.md that both ends of a connection use. */

/** The extension of HELLO that names a channel. */
export const CHANNEL_EXTENSION = "channel";
/** Who offers this WebSocket subprotocol reads binary frames and what transports add. */
export const WEBSOCKET_SUBPROTOCOL = "m2m";
/** A subprotocol that is a token, for browsers, which can set no header: the token in base64url behind it. */
export const WEBSOCKET_BEARER_PREFIX = "m2m.bearer.";
