/** `m2m server`: the HTTP API, sessions, and what carries them. */
export { apiRoutes } from "./api/index.js";
export { openApiDocument } from "./openapi-document.js";
export type { AiTcpServing, ServerOptions } from "./options.js";
export { startServer, type Server } from "./start.js";
export { isSharedStore, MEMORY_STORE } from "./stores.js";
export * from "./sessions/index.js";
