import type { IncomingMessage, ServerResponse } from "node:http";
import { problemOf } from "../http/index.js";
import { apiOf, dialectOf, errorBody, type ApiFailure } from "./providers/index.js";

export interface ApiErrorOptions {
  /** Whether the proxy has tried again already, so that the client need not. */
  readonly retried?: boolean;
  readonly headers?: readonly string[];
}

/** What a client is told of `error`; of a defect of this package, no details. */
export function failureOf(error: unknown): ApiFailure {
  const problem = problemOf(error);
  const message = problem.hint === undefined ? problem.detail : `${problem.detail} ${problem.hint}`;
  return { status: problem.status, message: `m2m proxy: ${message}`, code: problem.code };
}

/**
 * Answers with `error` in the shape of the provider whose API is asked. If an answer has begun already, the connection ends: nothing
 * else tells the client.
 */
export function sendApiError(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  { retried = false, headers = [] }: ApiErrorOptions = {},
): void {
  if (response.destroyed || response.writableEnded) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const failure = failureOf(error);
  const api = apiOf(request.method ?? "", request.url ?? "");
  const body = Buffer.from(errorBody(dialectOf(api, request.headers), failure));
  const fields = ["content-type", "application/json", "content-length", String(body.length), ...headers];
  if (retried) fields.push("x-should-retry", "false");
  // What is left of the request's body is not waited for.
  if (!request.complete) {
    response.shouldKeepAlive = false;
    request.resume();
  }
  response.writeHead(failure.status, fields);
  response.end(body);
}
