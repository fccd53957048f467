import { M2MError } from "../shared/errors.js";

const REDACTED = "[redacted]";

/** Members whose value is a secret, whatever it is. */
const SECRET_NAME =
  /^(authorization|proxy-authorization|cookie|set-cookie|x-api-key|api[-_]?key|x-goog-api-key|(auth|access|refresh|bearer)?[-_]?token|auth|password|passwd|secret|client[-_]secret|private[-_]?key|key|session[-_]?id)$/i;

const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]{4,}/gi, `$1 ${REDACTED}`],
  // The password of an address, and what a query calls a token or key.
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#@]{1,512}@/gi, `$1${REDACTED}@`],
  [
    /([?&;](?:[\w-]{0,32}(?:token|key|secret|password|signature)|auth|sig)=)[^&\s"'#;]{1,4096}/gi,
    `$1${REDACTED}`,
  ],
  // The id of a session, in the address of one: who has it can read and write there.
  [/(\/session\/)[^\s/?#"']{1,4096}/gi, `$1${REDACTED}`],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, REDACTED],
  [/\b(?:sk|pk|rk|xai|gsk|hf|ghp|gho|ghs|glpat)[-_][\w-]{12,}/g, REDACTED],
];

const MAX_DEPTH = 6;

/** `text` without credentials: bearer tokens, passwords and tokens in addresses, API keys of common spellings, ids of sessions. */
export function redactText(text: string): string {
  return PATTERNS.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}

/** `value` for a log: secrets left out by the name of their member, and by their looks in all texts. */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) return "[deep]";
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      SECRET_NAME.test(name) && item !== undefined ? REDACTED : redactValue(item, depth + 1),
    ]),
  );
}

function redactError(error: Error, depth: number): unknown {
  const { code } = error as { code?: unknown };
  // What was expected is no defect: where it came from says nothing. Names of classes do not outlive the bundle.
  if (error instanceof M2MError)
    return { type: error.family, code: error.code, message: redactText(error.message) };
  return {
    type: error.name,
    ...(typeof code === "string" && { code }),
    message: redactText(error.message),
    ...(error.stack !== undefined && { stack: redactText(error.stack) }),
    ...(error.cause !== undefined && { cause: redactValue(error.cause, depth + 1) }),
  };
}
