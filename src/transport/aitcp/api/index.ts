/** AI-TCP for programs: a server, and a client that keeps its session over connections. */
export { DEFAULT_AITCP_PORT, formatAddress, parseAiTcpAddress, type AiTcpAddress } from "./address.js";
export { connectAiTcp } from "./client.js";
export type { AiTcpConnectOptions, AiTcpReconnectOptions } from "./client-options.js";
export { StreamOutbox } from "./outbox.js";
export { createAiTcpServer, type AiTcpServer } from "./server.js";
export type { AiTcpServerLimits, AiTcpServerOptions } from "./server-options.js";
export { AiTcpSession } from "./session.js";
export type { AiTcpSettings } from "./settings.js";
export type { OpenTranscript, TranscriptSink } from "./transcripts.js";
