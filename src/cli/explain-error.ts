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

/** `error` with what it is about in front. Errors of the file itself name it. */
export function withLabel(error: unknown, label: string | undefined): unknown {
  if (label === undefined || !(error instanceof M2MError) || error.code === "M2M_FILE_READ") return error;
  return copyOf(error, { message: `${label}: ${error.message}` });
}

type ErrorClass = new (code: ErrorCode, message: string, details: ErrorDetails) => M2MError;

/** The same error, class and code included, with another message or hint. */
export function copyOf(
  error: M2MError,
  { message = error.message, hint = error.hint }: { readonly message?: string; readonly hint?: string },
): M2MError {
  const { cause, code, line, offset } = error;
  if (error instanceof SecurityThreat) return new SecurityThreat(message, error.verdict, { cause, hint });
  const { status } = error as Partial<UpstreamError>;
  return new (error.constructor as ErrorClass)(code, message, { cause, hint, line, offset, status });
}
