/** The slow path: oclif, for help, completion, "did you mean" and the messages about wrong flags. */
import { InputError, M2MError } from "../shared/errors.js";
import { nearestNames } from "../shared/nearest-name.js";
import { selectCommand } from "./argv.js";
import type { AnyCommand } from "./definition.js";
import { reportError, wantsJson } from "./run.js";
import { isTerminalInput } from "./terminal.js";

/** Words that plugins and oclif itself own. */
const PLUGIN_COMMANDS = ["help", "autocomplete"];

/** @returns the exit code; never throws */
export async function runFramework(
  commands: readonly AnyCommand[],
  argv: readonly string[],
  root: string,
): Promise<number> {
  try {
    assertCommandKnown(commands, argv);
    const { flush, run } = await import("@oclif/core");
    await run([...argv], root);
    await flush();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    const exit = plannedExit(error);
    if (exit !== undefined) return exit;
    return reportError(asUsageError(error), { json: wantsJson(argv), verbose: argv.includes("--verbose") });
  }
}

/**
 * Off a terminal the not-found plugin names no suggestion, so it is made here; on one the plugin asks.
 * @throws {InputError} `M2M_USAGE`
 */
function assertCommandKnown(commands: readonly AnyCommand[], argv: readonly string[]): void {
  const [first, second] = argv;
  if (first === undefined || first.startsWith("-") || selectCommand(commands, argv)) return;
  const words = commands.map(({ id }) => id.split(" "));
  const isTopic = words.some(([topic, ...rest]) => topic === first && rest.length > 0);
  if (PLUGIN_COMMANDS.includes(first) || argv.includes("--help")) return;
  if (isTopic && (second === undefined || second.startsWith("-"))) return;
  if (isTerminalInput()) return;
  const wanted = isTopic ? `${first} ${second}` : first;
  const names = [...commands.map(({ id }) => id), ...words.map(([topic]) => topic), ...PLUGIN_COMMANDS];
  const [suggestion] = nearestNames(wanted, names, 1) as [string?];
  throw new InputError("M2M_USAGE", `"${wanted}" is no command of m2m.`, {
    hint: suggestion === undefined ? "See m2m help." : `Did you mean "m2m ${suggestion}"? See m2m help.`,
  });
}

/** The code of an exit that is no failure, such as behind `--help`. */
function plannedExit(error: unknown): number | undefined {
  const { code, oclif } = error as { code?: string; oclif?: { exit?: number } };
  return code === "EEXIT" ? (oclif?.exit ?? 0) : undefined;
}

/** What oclif throws about a command line (a `CLIError`: it has `oclif.exit`) as an error of ours. */
export function asUsageError(error: unknown, id?: string): unknown {
  if (!(error instanceof Error)) return error;
  // An error of a flag's own parser comes back with oclif's words around its message.
  const isUsage = error instanceof M2MError ? error.message.startsWith("Parsing --") : isCliError(error);
  if (!isUsage) return error;
  const message = stripAnsi(error.message)
    .replace(/^Parsing --\S+ \n\t/, "")
    .replace(/\nSee more help with --help$/, "")
    .trim()
    .replace(/\s*\n\s*/g, "; ");
  return new InputError("M2M_USAGE", message, { hint: `See m2m help${id === undefined ? "" : ` ${id}`}.` });
}

/** oclif's own errors carry the exit code they ask for. */
function isCliError(error: Error & { oclif?: { exit?: unknown } }): boolean {
  return error.oclif?.exit !== undefined;
}

function stripAnsi(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}
