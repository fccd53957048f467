import type { Route } from "../route.js";
import type { ServerServices } from "../services.js";
import { ANALYZE_ROUTES } from "./analyze.js";
import { CODEC_ROUTES } from "./codec.js";
import { OPERATION_ROUTES } from "./health.js";
import { MESSAGE_ROUTES } from "./message.js";
import { MODELS_ROUTES } from "./models.js";
import { openApiRoute } from "./openapi.js";
import { SCAN_ROUTES } from "./scan.js";
import { SESSION_ROUTES } from "./sessions.js";
import { TOKENS_ROUTES } from "./tokens.js";
import { WEB_SOCKET_ROUTES } from "./web-socket.js";

/** Every route of the API. What is not in this table does not exist. */
export function apiRoutes(): readonly Route<ServerServices>[] {
  const routes = [
    ...OPERATION_ROUTES,
    ...CODEC_ROUTES,
    ...SCAN_ROUTES,
    ...ANALYZE_ROUTES,
    ...TOKENS_ROUTES,
    ...MODELS_ROUTES,
    ...SESSION_ROUTES,
    ...MESSAGE_ROUTES,
    ...WEB_SOCKET_ROUTES,
  ];
  return [...routes, openApiRoute(routes)];
}
