import { flagWords, parseArgv } from "./argv.js";
import type { AnyCommand, ParsedInput } from "./definition.js";
import { exitCodeOf, formatError, OutputClosed, toErrorJson } from "./errors.js";
import { keepHeapLean } from "./lean-heap.js";
import { processContext } from "./process-context.js";
import { writeStderr, writeStdout } from "./stdio.js";

/** Runs a command with `argv`, the words behind its name. @returns the exit code; never throws */
export async function runCommandLine(definition: AnyCommand, argv: readonly string[]): Promise<number> {
  try {
    // Before anything else makes the heap grow.
    if (definition.staysRunning) keepHeapLean();
    const input = parseArgv(definition, argv) as ParsedInput;
    return (await definition.run(processContext(input.flags), input)) ?? 0;
  } catch (error) {
    return reportError(error, argv);
  }
}

/**
 * Tells the user of `error`: on stderr, or as the one document on stdout.
 * @param argv says whether with `--json` or `--verbose`, even if the rest of it cannot be parsed
 * @returns the exit code; never throws
 */
export async function reportError(error: unknown, argv: readonly string[]): Promise<number> {
  const code = exitCodeOf(error);
  if (error instanceof OutputClosed) return code;
  const words = flagWords(argv);
  const json = words.includes("--json");
  const verbose = words.some((word) => word === "--verbose" || /^-[qv]*v[qv]*$/.test(word));
  if (!json || verbose) writeStderr(formatError(error, { verbose }));
  if (json) {
    // Where stdout itself is what failed, stderr is left.
    await writeStdout(`${JSON.stringify({ error: toErrorJson(error) })}\n`).catch((failure: unknown) => {
      if (!verbose && !(failure instanceof OutputClosed)) writeStderr(formatError(error, { verbose }));
    });
  }
  return code;
}
