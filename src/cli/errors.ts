import { M2MError, SecurityThreat, type ErrorFamily } from "../shared/errors.js";
import { printable } from "./terminal.js";

export { fileError } from "../shared/files.js";

/** What the process exits with. */
export const EXIT = Object.freeze({
  OK: 0,
  /** Done, and what was looked for was found: a threat, a difference. */
  FINDINGS: 1,
  USAGE: 2,
  BAD_DATA: 3,
  INPUT_OUTPUT: 4,
  /** A defect of m2m (`EX_SOFTWARE` of sysexits.h). */
  BUG: 70,
  INTERRUPTED: 130,
});

const FAMILY_EXIT: Readonly<Record<ErrorFamily, number>> = {
  InputError: EXIT.USAGE,
  FormatError: EXIT.BAD_DATA,
  IntegrityError: EXIT.BAD_DATA,
  LimitError: EXIT.BAD_DATA,
  UnsupportedError: EXIT.BAD_DATA,
  ProtocolError: EXIT.INPUT_OUTPUT,
  SecurityThreat: EXIT.FINDINGS,
  UpstreamError: EXIT.INPUT_OUTPUT,
};

/** Codes of `InputError` where the arguments may be right and the system says no. */
const SYSTEM_REFUSES: ReadonlySet<string> = new Set(["M2M_FILE_READ", "M2M_FILE_WRITE", "M2M_LISTEN_FAILED"]);

/** Thrown when the reader of stdout has gone (`m2m … | head`): there is nothing left to do, and nothing is wrong. */
export class OutputClosed extends Error {}

/** Something else than the data has to change: a flag, a setting, or what is installed. */
const USAGE_CODES: ReadonlySet<string> = new Set(["M2M_PACKAGE_MISSING"]);

/** The exit code for whatever was thrown. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof OutputClosed) return EXIT.OK;
  if (!(error instanceof M2MError)) return EXIT.BUG;
  if (SYSTEM_REFUSES.has(error.code)) return EXIT.INPUT_OUTPUT;
  return USAGE_CODES.has(error.code) ? EXIT.USAGE : FAMILY_EXIT[error.family];
}

/** The `error` member of a `--json` document. */
export interface ErrorJson {
  code: string;
  message: string;
  hint?: string;
  /** What a scanner found, of content that was refused. */
  verdict?: unknown;
}

/** Code of an error that is a defect of m2m. It is in no `M2MError`. */
export const BUG_CODE = "M2M_BUG";

const REPORT_HINT =
  "This is a defect of m2m: please report it with this stack to the maintainers of m2m-protocol.";

export function toErrorJson(error: unknown): ErrorJson {
  if (!(error instanceof M2MError)) return { code: BUG_CODE, message: messageOf(error), hint: REPORT_HINT };
  const json: ErrorJson = { code: error.code, message: error.message };
  if (error.hint !== undefined) json.hint = error.hint;
  if (error instanceof SecurityThreat) json.verdict = error.verdict;
  return json;
}

/**
 * What stderr shows of `error`: one line and a hint; the stack if it is a defect; the chain of causes on request.
 * @param where what the error is about, such as `line 3`
 */
export function formatError(error: unknown, options: { verbose?: boolean; where?: string } = {}): string {
  const where = options.where === undefined ? "" : `${options.where}: `;
  const lines = [`m2m: ${printable(`${where}${messageOf(error)}`)}`];
  if (!(error instanceof M2MError)) {
    if (error instanceof Error && error.stack) lines.push(printableLines(stackOnly(error)));
    lines.push(`  ${REPORT_HINT}`);
  } else if (error.hint !== undefined) lines.push(`  ${printable(error.hint)}`);
  if (options.verbose && error instanceof Error) {
    if (error instanceof M2MError) lines.push(`  code: ${error.code}`);
    for (
      let cause = error.cause;
      cause !== undefined;
      cause = cause instanceof Error ? cause.cause : undefined
    ) {
      const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
      lines.push(`  caused by: ${printableLines(text)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A stack has lines of its own. */
function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

function stackOnly(error: Error): string {
  const stack = error.stack ?? "";
  const start = stack.indexOf("\n    at ");
  return start < 0 ? stack : stack.slice(start + 1);
}
