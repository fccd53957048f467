/** Words that both the settings and the server know. */

/** What the server speaks: HTTP with WebSocket, or QUIC beside them. */
export const SERVER_TRANSPORTS = ["http", "quic"] as const;
