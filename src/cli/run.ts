import type { AnyCommand, ParsedInput } from "./definition.js";
import { exitCodeOf, formatError, OutputClosed, toErrorJson } from "./errors.js";
import { processContext } from "./process-context.js";
import { writeStderr, writeStdout } from "./stdio.js";

/** Runs a command whose input is parsed. Both paths end here. @returns the exit code; never throws */
export async function runCommand(definition: AnyCommand, input: ParsedInput): Promise<number> {
  try {
    return (await definition.run(processContext(input.flags), input)) ?? 0;
  } catch (error) {
    return reportError(error, { json: input.flags.json === true, verbose: input.flags.verbose === true });
  }
}

/** Tells the user of `error`: on stderr, or as the one document on stdout. @returns the exit code; never throws */
export async function reportError(
  error: unknown,
  options: { json: boolean; verbose: boolean },
): Promise<number> {
  const code = exitCodeOf(error);
  if (error instanceof OutputClosed) return code;
  if (!options.json) writeStderr(formatError(error, options));
  else {
    if (options.verbose) writeStderr(formatError(error, options));
    await writeStdout(`${JSON.stringify({ error: toErrorJson(error) })}\n`).catch(() => {});
  }
  return code;
}

/** Whether `argv` asks for JSON, even if the rest of it cannot be parsed. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? argv.length : end).includes("--json");
}
