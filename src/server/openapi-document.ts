import { STATUS_CODES } from "node:http";
import { PROBLEM_TYPE } from "../http/index.js";
import { MESSAGE } from "./api/message.js";
import { count, fraction, list, object, text, type JsonSchema } from "./json-schema.js";
import type { Route } from "./route.js";

/** Problem details (RFC 9457) with this package's members. */
const PROBLEM = object(
  {
    type: text("urn:m2m:error: and the code."),
    title: text("The name of the status."),
    status: count(),
    detail: text("For people."),
    code: text("Stable; docs/errors.md lists them."),
  },
  {
    hint: text("What to do about it."),
    threat_type: text("Of a content that is blocked."),
    score: fraction("Of a content that is blocked."),
    threats: list(text(), "Names of what was found in a content that is blocked."),
  },
);

/** Schemas that stand once, by name; a use of one is a reference. */
const COMPONENTS: Readonly<Record<string, JsonSchema>> = { Problem: PROBLEM, Message: MESSAGE };

/** The API as OpenAPI 3.1, whose schemas are those that requests are checked by (JSON Schema 2020-12). */
export function openApiDocument<Services>(routes: readonly Route<Services>[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "m2m server",
      version,
      summary: "Compress, count and scan LLM traffic, and let agents talk in sessions.",
      description: "Where an operation lists parameters of the query, others are refused with 400.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: COMPONENTS,
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    },
    // A server without a token asks for none.
    security: [{ bearer: [] }, {}],
  };
}

function operationOf<Services>(route: Route<Services>): object {
  return {
    operationId: route.operation,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    ...(route.isOpen && { security: [] }),
    ...((route.params || route.query) && { parameters: parametersOf(route) }),
    ...(route.body && {
      requestBody: {
        required: !route.bodyOptional,
        content: { "application/json": { schema: referTo(route.body) } },
      },
    }),
    responses: responsesOf(route),
  };
}

function parametersOf<Services>({ params = {}, query = {} }: Route<Services>): object[] {
  const place = (place: "path" | "query", schemas: Readonly<Record<string, JsonSchema>>) =>
    Object.entries(schemas).map(([name, { description, ...schema }]) => ({
      name,
      in: place,
      required: place === "path",
      ...(description !== undefined && { description }),
      schema,
    }));
  return [...place("path", params), ...place("query", query)];
}

function responsesOf<Services>(route: Route<Services>): object {
  const responses: Record<string, object> = {};
  for (const status of problemsOf(route)) {
    responses[status] = {
      description: STATUS_CODES[status] ?? "A problem.",
      content: { [PROBLEM_TYPE]: { schema: referTo(PROBLEM) } },
    };
  }
  for (const [status, { schema, summary, type = "application/json" }] of Object.entries(route.replies)) {
    const problem = (responses[status] as { content?: object } | undefined)?.content;
    responses[status] = {
      description: summary,
      ...((schema ?? problem) && {
        content: { ...(schema && { [type]: { schema: referTo(schema) } }), ...problem },
      }),
    };
  }
  return responses;
}

/** Any request may be malformed, or come when there is no room; any body may be too large or of another type. */
function problemsOf<Services>(route: Route<Services>): number[] {
  const always = [400, 408, 429, 431, 500, 503];
  const ofBodies = route.body ? [413, 415] : [];
  const ofTokens = route.isOpen ? [] : [401];
  return [...new Set([...always, ...ofBodies, ...ofTokens, ...(route.problems ?? [])])].sort((a, b) => a - b);
}

function referTo(schema: JsonSchema): JsonSchema | { $ref: string } {
  const name = Object.keys(COMPONENTS).find((key) => COMPONENTS[key] === schema);
  return name === undefined ? schema : { $ref: `#/components/schemas/${name}` };
}
