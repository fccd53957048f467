/**
 * The error taxonomy. Callers test `code` (stable) or the family (class), never the message.
 * Every code has a row in `docs/errors.md`; a test holds the two equal.
 */

/** Error codes by family. A code never changes its meaning and is never reused. */
export const ERROR_CODES = {
  InputError: [
    "M2M_USAGE",
    "M2M_INPUT_MISSING",
    "M2M_INPUT_LOOKS_LIKE_FILE",
    "M2M_FILE_READ",
    "M2M_FILE_WRITE",
    "M2M_FILE_EXISTS",
    "M2M_BINARY_TO_TERMINAL",
    "M2M_CONFIG_INVALID",
    "M2M_MODEL_UNKNOWN",
    "M2M_MODELS_FILE_INVALID",
    "M2M_RULES_INVALID",
    "M2M_KEY_INVALID",
    "M2M_KEY_REQUIRED",
    "M2M_WEIGHTS_MISSING",
    "M2M_LISTEN_FAILED",
    "M2M_REQUEST_INVALID",
    "M2M_UNAUTHORIZED",
    "M2M_NOT_FOUND",
    "M2M_ORIGIN_FORBIDDEN",
    "M2M_HOST_FORBIDDEN",
    "M2M_MODEL_NOT_SERVED",
  ],
  FormatError: [
    "M2M_UTF8_INVALID",
    "M2M_TEXT_LONE_SURROGATE",
    "M2M_RANK_TABLE_INVALID",
    "M2M_JSON_INVALID",
    "M2M_JSON_POINTER_MISSING",
    "M2M_LINE_INVALID",
    "M2M_MANIFEST_INVALID",
    "M2M_BASELINE_INVALID",
    "M2M_BASE64_INVALID",
    "M2M_VARINT_TRUNCATED",
    "M2M_VARINT_OVERLONG",
    "M2M_WIRE_UNKNOWN",
    "M2M_WIRE_AMBIGUOUS",
    "M2M_TK_HEADER_INVALID",
    "M2M_TK_TOKEN_UNKNOWN",
    "M2M_TK_TEXT_INVALID",
    "M2M_T1_INVALID",
    "M2M_BROTLI_INVALID",
    "M2M_BROTLI_TRUNCATED",
    "M2M_CONTEXT_INVALID",
    "M2M_CONTEXT_TRUNCATED",
    "M2M_PRIOR_INVALID",
    "M2M_FRAME_INVALID",
    "M2M_FRAME_TRUNCATED",
    "M2M_FRAME_TRAILING_BYTES",
    "M2M_WEIGHTS_INVALID",
    "M2M_MESSAGE_INVALID",
    "M2M_SNAPSHOT_INVALID",
    "M2M_HANDSHAKE_INVALID",
    "M2M_PACKET_INVALID",
    "M2M_PACKET_TRUNCATED",
    "M2M_RECORD_INVALID",
    "M2M_TRANSCRIPT_INVALID",
    "M2M_CERTIFICATE_INVALID",
  ],
  IntegrityError: [
    "M2M_CHECKSUM_MISMATCH",
    "M2M_AUTHENTICATION_FAILED",
    "M2M_PACKET_REPLAYED",
    "M2M_SIGNATURE_INVALID",
    "M2M_TURN_UNSIGNED",
    "M2M_PEER_UNTRUSTED",
    "M2M_PEER_CHANGED",
  ],
  LimitError: [
    "M2M_INPUT_TOO_LARGE",
    "M2M_OUTPUT_TOO_LARGE",
    "M2M_JSON_TOO_DEEP",
    "M2M_PAYLOAD_TOO_LARGE",
    "M2M_RATE_LIMITED",
    "M2M_SESSIONS_FULL",
    "M2M_MAILBOX_FULL",
    "M2M_CHANNEL_FULL",
    "M2M_HEADERS_TOO_LARGE",
    "M2M_REQUEST_TIMEOUT",
    "M2M_BUSY",
    "M2M_DRAINING",
    "M2M_BUDGET_SPENT",
    "M2M_SEQUENCE_EXHAUSTED",
    "M2M_CREDIT_EXCEEDED",
    "M2M_STREAMS_FULL",
    "M2M_QUEUE_FULL",
  ],
  UnsupportedError: [
    "M2M_ALGORITHM_UNSUPPORTED",
    "M2M_TOKENIZER_UNSUPPORTED",
    "M2M_VERSION_UNSUPPORTED",
    "M2M_PLATFORM_UNSUPPORTED",
    "M2M_PRIOR_MISSING",
    "M2M_PACKAGE_MISSING",
    "M2M_MESSAGE_TYPE_UNSUPPORTED",
    "M2M_METHOD_UNSUPPORTED",
    "M2M_UPGRADE_REQUIRED",
    "M2M_MEDIA_TYPE_UNSUPPORTED",
    "M2M_SIGNATURES_UNSUPPORTED",
    "M2M_CONTENT_SEALED",
  ],
  ProtocolError: [
    "M2M_PROTOCOL_STATE",
    "M2M_SESSION_MISMATCH",
    "M2M_SESSION_REJECTED",
    "M2M_SESSION_EXPIRED",
    "M2M_NOT_NEGOTIATED",
    "M2M_SCAN_FAILED",
    "M2M_SESSION_UNKNOWN",
    "M2M_CONTEXT_LOST",
    "M2M_STREAM_CLOSED",
    "M2M_FRAME_UNEXPECTED",
    "M2M_TICKET_REFUSED",
  ],
  UpstreamError: [
    "M2M_DOWNLOAD_OFFLINE",
    "M2M_DOWNLOAD_FAILED",
    "M2M_DOWNLOAD_CORRUPT",
    "M2M_STORE_UNAVAILABLE",
    "M2M_UPSTREAM_FAILED",
    "M2M_UPSTREAM_TIMEOUT",
    "M2M_UPSTREAM_UNAVAILABLE",
    "M2M_CONNECTION_FAILED",
    "M2M_CONNECTION_LOST",
    "M2M_ANSWER_TIMEOUT",
    "M2M_MESSAGE_REFUSED",
    "M2M_OUTCOME_UNKNOWN",
  ],
  SecurityThreat: ["M2M_SECURITY_THREAT"],
} as const;

export type ErrorFamily = keyof typeof ERROR_CODES;
export type ErrorCode = (typeof ERROR_CODES)[ErrorFamily][number];

/** Files of the package that are damaged: no content is to blame. */
export const INSTALLATION_CODES: readonly ErrorCode[] = ["M2M_RANK_TABLE_INVALID", "M2M_PRIOR_INVALID"];

/** Where and why, beyond the message. */
export interface ErrorDetails {
  /** Byte (binary) or UTF-16 (text) offset of the first offending unit in the input. */
  offset?: number;
  /** 1-based line number, for line-oriented input. */
  line?: number;
  /** One sentence that says what to do about it. */
  hint?: string;
  /** Status of the HTTP answer, of an `UpstreamError`. */
  status?: number;
  cause?: unknown;
}

/** Base class of every expected failure. Anything else that is thrown is a defect of this package. */
export abstract class M2MError extends Error {
  abstract readonly family: ErrorFamily;
  readonly code: ErrorCode;
  readonly offset?: number;
  readonly line?: number;
  readonly hint?: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.offset = details.offset;
    this.line = details.line;
    this.hint = details.hint;
  }
}

/** Bad arguments, configuration or files: nothing is wrong with the data itself. */
export class InputError extends M2MError {
  readonly family = "InputError";
}

/** Malformed data. Carries the `offset` or `line` where it is known. */
export class FormatError extends M2MError {
  readonly family = "FormatError";
}

/** A checksum or an authentication tag does not match. */
export class IntegrityError extends M2MError {
  readonly family = "IntegrityError";
}

/** A configured limit (bytes, depth) would be passed. */
export class LimitError extends M2MError {
  readonly family = "LimitError";
}

/** A version, algorithm, tokenizer or platform this build does not serve. */
export class UnsupportedError extends M2MError {
  readonly family = "UnsupportedError";
}

/** What a session does not allow: in this state, or against what was negotiated. The session stays as it was. */
export class ProtocolError extends M2MError {
  readonly family = "ProtocolError";
}

/** Another machine cannot be reached, refuses, or sends what it should not. Carries the `status` of its answer, if it gave one. */
export class UpstreamError extends M2MError {
  readonly family = "UpstreamError";
  readonly status?: number;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
    this.status = details.status;
  }
}

/** Content was scanned and refused. `verdict` is what the scanner said of it. */
export class SecurityThreat<Verdict = unknown> extends M2MError {
  readonly family = "SecurityThreat";
  readonly verdict: Verdict;

  constructor(message: string, verdict: Verdict, details: ErrorDetails = {}) {
    super("M2M_SECURITY_THREAT", message, details);
    this.verdict = verdict;
  }
}
