import type { HeldShare } from "../http/index.js";
import type { JsonSchema } from "./json-schema.js";

export type Method = "GET" | "POST" | "DELETE";

/** A request that has passed the checks of its route. */
export interface RouteRequest<Body, Query> {
  /** As the schema of the route says. */
  readonly body: Body;
  readonly query: Query;
  /** The parts of the path that the route leaves open, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The body's bytes. */
  readonly bytes: Buffer;
  /** What the log calls the request. */
  readonly id: string;
  /** What stands for the client in limits. */
  readonly client: string;
  /** What the request holds in memory, until its answer is written: what a body is opened to has to fit in there. */
  readonly held: Pick<HeldShare, "unpack">;
  /** Is aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** What is answered. */
export interface Reply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written as JSON. */
  readonly json?: unknown;
  /** Text of the media type `type`, in place of `json`. */
  readonly text?: string;
  /** Default `application/json`. */
  readonly type?: string;
}

/** `Retry-After` in whole seconds (RFC 9110, section 10.2.3), if there is a time to say. */
export function retryAfter(waitMs: number | undefined): Record<string, string> {
  return waitMs === undefined ? {} : { "retry-after": String(Math.ceil(waitMs / 1000)) };
}

interface ReplyDescription {
  readonly summary: string;
  readonly schema?: JsonSchema;
  /** Default `application/json`. */
  readonly type?: string;
}

/** One row of the API: the router, the validation and the OpenAPI document are made from it. */
export interface Route<Services, Body = unknown, Query = unknown> {
  readonly method: Method;
  /** As OpenAPI spells it: `/session/{id}`. */
  readonly path: string;
  readonly operation: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** A route without it reads no body. */
  readonly body?: JsonSchema;
  /** An empty body counts as `{}`. */
  readonly bodyOptional?: boolean;
  /** The body is read as it is, and checked by the handler. */
  readonly bodyRaw?: boolean;
  /** Parameters of the query, all optional; others are refused. A route without it does not look at the query. */
  readonly query?: Readonly<Record<string, JsonSchema>>;
  readonly params?: Readonly<Record<string, JsonSchema>>;
  readonly replies: Readonly<Record<number, ReplyDescription>>;
  /** Statuses of problems beside those that every route has. */
  readonly problems?: readonly number[];
  /** Answers without a token: for probes. */
  readonly isOpen?: boolean;
  /** May wait for long, and does not count among the requests that are worked on. */
  readonly waits?: boolean;
  handle(request: RouteRequest<Body, Query>, services: Services): Reply | Promise<Reply>;
}

/** Forgets the types of body and query: what they are has been checked when `handle` is called. */
export function route<Services, Body = unknown, Query = unknown>(
  row: Route<Services, Body, Query>,
): Route<Services> {
  return row;
}
