import { STATUS_CODES, type OutgoingHttpHeaders, type ServerResponse } from "node:http";
import { answerEarly } from "./linger.js";
import { M2MError, type ErrorCode, type ErrorFamily } from "../shared/errors.js";

/** Media type of problem details (RFC 9457, section 3). */
export const PROBLEM_TYPE = "application/problem+json";

/** An error as it goes over HTTP (RFC 9457), with the stable `code` of `docs/errors.md`. */
export interface Problem {
  /** `urn:m2m:error:` and the code: one type a code. */
  readonly type: string;
  /** The name of the status. */
  readonly title: string;
  readonly status: number;
  /** For people. */
  readonly detail: string;
  readonly code: string;
  readonly hint?: string;
}

const FAMILY_STATUS: Readonly<Record<ErrorFamily, number>> = {
  InputError: 400,
  FormatError: 400,
  IntegrityError: 400,
  LimitError: 413,
  UnsupportedError: 400,
  ProtocolError: 409,
  UpstreamError: 502,
  SecurityThreat: 403,
};

const CODE_STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  M2M_UNAUTHORIZED: 401,
  M2M_ORIGIN_FORBIDDEN: 403,
  M2M_HOST_FORBIDDEN: 403,
  M2M_NOT_FOUND: 404,
  M2M_MODEL_NOT_SERVED: 404,
  M2M_METHOD_UNSUPPORTED: 405,
  M2M_MEDIA_TYPE_UNSUPPORTED: 415,
  M2M_UPGRADE_REQUIRED: 426,
  M2M_HEADERS_TOO_LARGE: 431,
  M2M_REQUEST_TIMEOUT: 408,
  M2M_RATE_LIMITED: 429,
  M2M_BUDGET_SPENT: 429,
  M2M_JSON_TOO_DEEP: 400,
  M2M_BUSY: 503,
  M2M_DRAINING: 503,
  M2M_SESSIONS_FULL: 503,
  M2M_MAILBOX_FULL: 503,
  M2M_CHANNEL_FULL: 503,
  M2M_STORE_UNAVAILABLE: 503,
  M2M_UPSTREAM_UNAVAILABLE: 503,
  M2M_UPSTREAM_TIMEOUT: 504,
  M2M_SESSION_UNKNOWN: 404,
  M2M_SESSION_EXPIRED: 410,
  M2M_SCAN_FAILED: 503,
  M2M_PACKAGE_MISSING: 501,
  M2M_PLATFORM_UNSUPPORTED: 501,
  // What follows is wrong inside the server, not in what a client sent.
  M2M_FILE_READ: 500,
  M2M_FILE_WRITE: 500,
  M2M_FILE_EXISTS: 500,
  M2M_CONFIG_INVALID: 500,
  M2M_MODELS_FILE_INVALID: 500,
  M2M_RULES_INVALID: 500,
  M2M_WEIGHTS_MISSING: 500,
  M2M_WEIGHTS_INVALID: 500,
  M2M_RANK_TABLE_INVALID: 500,
  M2M_MANIFEST_INVALID: 500,
  M2M_BASELINE_INVALID: 500,
  M2M_SNAPSHOT_INVALID: 500,
  M2M_LISTEN_FAILED: 500,
};

/** The problem that tells a client of `error`. Messages of what is wrong inside, which may hold paths, stay inside. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof M2MError)) return describe(500, "M2M_BUG", "The server has failed.");
  const status = CODE_STATUS[error.code] ?? FAMILY_STATUS[error.family];
  if (status === 500) return describe(status, error.code, "The server has failed.");
  // Its message says where the store is.
  if (error.code === "M2M_STORE_UNAVAILABLE") {
    return describe(
      status,
      error.code,
      "What the server keeps cannot be reached at present.",
      "Try again later.",
    );
  }
  return describe(status, error.code, error.message, error.hint);
}

function describe(status: number, code: string, detail: string, hint?: string): Problem {
  const problem = {
    type: `urn:m2m:error:${code}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail,
    code,
  };
  return hint === undefined ? problem : { ...problem, hint };
}

/** Answers with `problem`, or ends the connection if another answer has begun. */
export function sendProblem(
  response: ServerResponse,
  problem: Problem,
  headers: OutgoingHttpHeaders = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const fields = { "content-type": PROBLEM_TYPE, "cache-control": "no-store", ...headers };
  const flat = Object.entries(fields).flatMap(([name, value]) => [name, String(value)]);
  answerEarly(response, problem.status, flat, Buffer.from(JSON.stringify(problem)));
}
