import {
  M2MError,
  SecurityThreat,
  type ErrorCode,
  type ErrorDetails,
  type UpstreamError,
} from "../shared/errors.js";
import type { Source } from "./input.js";
import { printable } from "./terminal.js";

/** What to do about an error, in the words of a command: the codec's own hints speak of options. */
export type Hints = Readonly<Partial<Record<ErrorCode, string>>>;

const MAX_BYTES_HINT = "Raise --max-bytes if you trust the source.";

export const LIMIT_HINTS: Hints = {
  M2M_INPUT_TOO_LARGE: MAX_BYTES_HINT,
  M2M_OUTPUT_TOO_LARGE: MAX_BYTES_HINT,
  M2M_JSON_TOO_DEEP: "Raise the setting limits.max_json_depth if you trust the source.",
};

/** Of wires that only their key opens. */
export const KEY_HINTS: Hints = {
  M2M_KEY_REQUIRED: "Give the 32-byte key of the frame with --key-file FILE.",
};

/**
 * How messages name `source`; `undefined` where there is nothing to tell it from: for a literal, and for stdin unless
 * there are `several` sources.
 */
export function sourceLabel({ name, path }: Source, several: boolean): string | undefined {
  return name !== undefined && (several || path !== undefined) ? printable(name) : undefined;
}

/** `error` with the hint of the command; what is no expected error, or has no such hint, as it is. */
export function withHint(error: unknown, hints: Hints = {}): unknown {
  if (!(error instanceof M2MError) || hints[error.code] === undefined) return error;
  return copyOf(error, { hint: hints[error.code] });
}

/** Runs `work`; an error of it says what it is about, and gets the command's hint. */
export async function explaining<T>(
  label: string | undefined,
  hints: Hints,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw withLabel(withHint(error, hints), label);
  }
}

/** Errors of a file, which name it; that of the output is about no input. */
const OF_FILES: readonly ErrorCode[] = ["M2M_FILE_READ", "M2M_FILE_WRITE"];

/** `error` with what it is about in front. */
export function withLabel(error: unknown, label: string | undefined): unknown {
  if (label === undefined || !(error instanceof M2MError) || OF_FILES.includes(error.code)) return error;
  return copyOf(error, { message: `${label}: ${error.message}` });
}

type ErrorClass = new (code: ErrorCode, message: string, details: ErrorDetails) => M2MError;

/** The same error, class and code included, with another message or hint; `hint: undefined` leaves the hint out. */
export function copyOf(
  error: M2MError,
  changes: { readonly message?: string; readonly hint?: string | undefined },
): M2MError {
  const { cause, code, line, offset } = error;
  const { message = error.message } = changes;
  const hint = "hint" in changes ? changes.hint : error.hint;
  if (error instanceof SecurityThreat) return new SecurityThreat(message, error.verdict, { cause, hint });
  const { status } = error as Partial<UpstreamError>;
  return new (error.constructor as ErrorClass)(code, message, { cause, hint, line, offset, status });
}
