import { writeSse } from "../sse/index.js";
import type { Dialect, ProviderApi } from "./api.js";

/** What went wrong, for a client of any provider. */
export interface ApiFailure {
  /** Status of the answer, or that it would have if it had not begun. */
  readonly status: number;
  /** For people. Never holds a key. */
  readonly message: string;
  /** Stable, for programs: a code of this package, or of the provider. */
  readonly code?: string;
  /** The provider's own name for the kind of error. Default: by the status. */
  readonly type?: string;
  /** The parameter of the request that is wrong. */
  readonly param?: string;
}

/** Kinds of errors that Anthropic's API has (docs.anthropic.com, API errors). */
const ANTHROPIC_TYPES: ReadonlyMap<number, string> = new Map([
  [400, "invalid_request_error"],
  [401, "authentication_error"],
  [402, "billing_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [408, "timeout_error"],
  [409, "conflict_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [503, "overloaded_error"],
  [504, "timeout_error"],
  [529, "overloaded_error"],
]);

/** Kinds of errors that OpenAI's API has beside `invalid_request_error`, which it uses for all other mistakes of clients. */
const OPENAI_TYPES: ReadonlyMap<number, string> = new Map([
  [401, "authentication_error"],
  [403, "permission_error"],
  [429, "rate_limit_error"],
]);

/** Codes of this package for which OpenAI's API has one that clients know. */
const OPENAI_CODES: Readonly<Record<string, { readonly code: string; readonly param: string }>> = {
  M2M_MODEL_NOT_SERVED: { code: "model_not_found", param: "model" },
};

/** The body of an error response, JSON as the provider's own SDK reads it. */
export function errorBody(dialect: Dialect, failure: ApiFailure): string {
  return JSON.stringify(dialect === "anthropic" ? anthropicError(failure) : { error: openAiError(failure) });
}

/**
 * The event that reports a failure in a stream that has begun; nothing follows it. OpenAI's SDKs raise whatever has a
 * member `error`, so an `error` event of the Responses API has one beside its own members, as the API itself sends it.
 * @param sequenceNumber of the event, in the Responses API
 */
export function errorEvent(
  api: ProviderApi,
  dialect: Dialect,
  failure: ApiFailure,
  sequenceNumber = 0,
): string {
  if (dialect === "anthropic") {
    return writeSse({ event: "error", data: JSON.stringify(anthropicError(failure)) });
  }
  const error = openAiError(failure);
  if (api !== "openai-responses") return writeSse({ data: JSON.stringify({ error }) });
  const { code, message, param } = error;
  const data = { type: "error", sequence_number: sequenceNumber, code, message, param, error };
  return writeSse({ event: "error", data: JSON.stringify(data) });
}

interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

function openAiError(failure: ApiFailure): OpenAiError {
  const known = failure.code === undefined ? undefined : OPENAI_CODES[failure.code];
  const { status, message, code, type, param } = { ...failure, ...known };
  const kind = type ?? OPENAI_TYPES.get(status) ?? (status >= 500 ? "server_error" : "invalid_request_error");
  return { message, type: kind, param: param ?? null, code: code ?? null };
}

/** A code stands where Anthropic's SDK looks for one (`APIError.errorCode`). */
function anthropicError({ status, message, code, type }: ApiFailure): unknown {
  const kind = type ?? ANTHROPIC_TYPES.get(status) ?? (status >= 500 ? "api_error" : "invalid_request_error");
  const details = code === undefined ? {} : { details: { error_code: code } };
  return { type: "error", error: { type: kind, message, ...details } };
}
