/** oclif, for help and completion. What is no command is refused before it is loaded. */
import { InputError } from "../shared/errors.js";
import { makeFolder } from "../shared/make-folder.js";
import { nearestNames } from "../shared/nearest-name.js";
import { quote } from "../shared/quote.js";
import { attemptWrite } from "../shared/replacement-file.js";
import { flagWords, selectCommand, wantsHelp } from "./argv.js";
import type { AnyCommand } from "./definition.js";
import { fileError } from "./errors.js";
import { reportError } from "./run.js";
import { stdoutError } from "./stdio.js";

/** Commands of oclif's plugins. */
const PLUGIN_COMMANDS = ["help", "autocomplete"];

/** @returns the exit code; never throws */
export async function runFramework(
  commands: readonly AnyCommand[],
  argv: readonly string[],
  root: string,
): Promise<number> {
  try {
    const words = toFrameworkArgv(commands, argv);
    const { Config, flush, run } = await import("@oclif/core");
    // It warns, with a stack, of folders of the user's that it only looks into.
    process.removeAllListeners("warning");
    const config = await Config.load(root);
    // The plugin would do it with Node's recursion.
    if (words[0] === "autocomplete") attemptWrite(config.cacheDir, () => makeFolder(config.cacheDir));
    const stdout = watchStdout();
    const code = await exitCodeOfRun(() => run(words, config));
    // A stream that has failed never drains.
    await stdout.settle();
    await flush();
    return code;
  } catch (error) {
    return reportError(toM2MError(error), argv);
  }
}

async function exitCodeOfRun(run: () => Promise<unknown>): Promise<number> {
  try {
    await run();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    const exit = plannedExit(error);
    if (exit === undefined) throw error;
    return exit;
  }
}

/** What the framework is to do: a plugin's command as it is, or help. @throws {InputError} `M2M_USAGE` */
function toFrameworkArgv(commands: readonly AnyCommand[], argv: readonly string[]): string[] {
  const [first] = argv;
  if (first === "autocomplete") return wantsHelp(argv) ? ["help", first] : [...argv];
  // m2m help NAME, m2m NAME --help and m2m TOPIC are the same.
  const asked = first === "help" ? argv.slice(1) : argv;
  const [flag] = asked;
  if (flag?.startsWith("-") && !wantsHelp([flag]) && first !== "help") {
    throw new InputError(
      "M2M_USAGE",
      `A command comes first, then its flags; ${flag.replace(/=.*$/s, "")} is none.`,
      {
        hint: "See m2m help.",
      },
    );
  }
  const names = flagWords(asked).filter((word) => !word.startsWith("-"));
  if (names.length === 0) return ["help"];
  const selected = selectCommand(commands, names);
  if (selected) return ["help", ...selected.definition.id.split(" ")];
  const [topic, ...rest] = names;
  const isTopic = commands.some(({ id }) => id.startsWith(`${topic} `));
  if ((isTopic || PLUGIN_COMMANDS.includes(topic)) && rest.length === 0) return ["help", topic];
  throw unknownCommand(commands, isTopic ? `${topic} ${rest[0]}` : topic);
}

function unknownCommand(commands: readonly AnyCommand[], wanted: string): InputError {
  const topics = commands.map(({ id }) => id.split(" ")[0]);
  const names = new Set([...commands.map(({ id }) => id), ...topics, ...PLUGIN_COMMANDS]);
  const [near] = nearestNames(wanted, names, 1);
  return new InputError("M2M_USAGE", `${quote(wanted)} is no command of m2m.`, {
    hint: near === undefined ? "See m2m help." : `Did you mean "m2m ${near}"? See m2m help.`,
  });
}

/** oclif throws what a write to stdout fails with where nobody can catch it; it is kept here instead. */
function watchStdout(): { settle(): Promise<void> } {
  let failure: Error | undefined;
  process.stdout.removeAllListeners("error");
  process.stdout.on("error", (error: Error) => {
    failure ??= error;
  });
  return {
    async settle() {
      // An error of a write is told in a later turn.
      await new Promise((resolve) => setImmediate(resolve));
      if (failure) throw stdoutError(failure);
    },
  };
}

/** The code of an exit that is no failure, such as behind `--help`. */
function plannedExit(error: unknown): number | undefined {
  const { code, oclif } = error as { code?: string; oclif?: { exit?: number } };
  return code === "EEXIT" ? (oclif?.exit ?? 0) : undefined;
}

/** An error of oclif's plugins as one of ours: a mistake in the command line, or a folder that cannot be written. */
function toM2MError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { oclif, path, syscall } = error as NodeJS.ErrnoException & { oclif?: { exit?: unknown } };
  // The only files that the plugins make are the completion's.
  if (syscall !== undefined && path !== undefined) return fileError("write", path, error);
  // oclif's own errors carry the exit code they ask for.
  if (oclif?.exit === undefined) return error;
  const message = stripAnsi(error.message)
    .replace(/\nSee more help with --help$/, "")
    .trim()
    .replace(/\s*\n\s*/g, "; ");
  return new InputError("M2M_USAGE", message, { hint: "See m2m help." });
}

function stripAnsi(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}
