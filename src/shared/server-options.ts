/** Words that both the settings and the server know. */

/** What the server speaks: HTTP with WebSocket, or QUIC or AI-TCP beside them. */
export const SERVER_TRANSPORTS = ["http", "quic", "aitcp"] as const;
