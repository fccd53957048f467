import { openApiDocument } from "../openapi-document.js";
import { route, type Route } from "../route.js";
import type { ServerServices } from "../services.js";

/** The route that describes the others, and itself. */
export function openApiRoute(others: readonly Route<ServerServices>[]): Route<ServerServices> {
  let written: string | undefined;
  const own: Route<ServerServices> = route<ServerServices>({
    method: "GET",
    path: "/openapi.json",
    operation: "getOpenApi",
    tag: "Operation",
    summary: "This description, OpenAPI 3.1.",
    replies: { 200: { summary: "The document.", schema: { type: "object" } } },
    handle: (_request, { version }) => ({
      text: (written ??= JSON.stringify(openApiDocument([...others, own], version))),
    }),
  });
  return own;
}
