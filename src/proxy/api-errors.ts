import type { IncomingMessage, ServerResponse } from "node:http";
import { answerEarly, problemOf, sendProblem } from "../http/index.js";
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

/** What an SDK has built with the base URL of an API, whatever became of it. */
const OF_API = /^\/+v1\//;

/**
 * Answers with `error` in the shape of the provider whose API is asked, or as a problem where none is. If an answer has begun already, the
 * connection ends: nothing else tells the client.
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
  const { method = "", url = "" } = request;
  if (!OF_API.test(url)) {
    sendProblem(response, problemOf(error), namedHeaders(headers));
    return;
  }
  const failure = failureOf(error);
  const body = Buffer.from(errorBody(dialectOf(apiOf(method, url), request.headers), failure));
  const fields = ["content-type", "application/json", ...headers];
  if (retried) fields.push("x-should-retry", "false");
  answerEarly(response, failure.status, fields, body);
}

/** @param flat name, value, name, value */
export function namedHeaders(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1]]] : [])),
  );
}

/** What a connection is told that asks to be something else than HTTP. */
export function upgradeRefusal(request: IncomingMessage): ApiFailure & { readonly body: string } {
  const failure = {
    status: 501,
    message: "m2m proxy: WebSockets are not passed on. Ask over HTTP, or the provider itself.",
    code: "M2M_METHOD_UNSUPPORTED",
  };
  return { ...failure, body: errorBody(dialectOf("other", request.headers), failure) };
}
