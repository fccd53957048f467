import { homedir, userInfo } from "node:os";
import type { CommandContext } from "./context.js";
import type { ParsedInput } from "./definition.js";
import { writeStderr, writeStdout } from "./stdio.js";
import { processTerminal } from "./terminal.js";

/** The home folder by the system: where `HOME` is empty, by its list of users. */
function tryHome(): string {
  try {
    return homedir() || userInfo().homedir;
  } catch {
    return "";
  }
}

/** The context of a command that runs in this process. Settings, models and chalk are loaded on first use. */
export function processContext(flags: ParsedInput["flags"]): CommandContext {
  const env = process.env;
  const terminal = processTerminal();
  const json = flags.json === true;
  const quiet = flags.quiet === true;
  let config: ReturnType<CommandContext["config"]> | undefined;

  const context: CommandContext = {
    json,
    verbose: flags.verbose === true,
    quiet,
    cwd: process.cwd(),
    env,
    get home() {
      return env.HOME || tryHome();
    },
    terminal,
    print: (text) => writeStdout(`${text}\n`),
    printJson: (value) => writeStdout(`${JSON.stringify(value, null, terminal.stdoutIsTerminal ? 2 : 0)}\n`),
    note(text) {
      if (!quiet) writeStderr(`${text}\n`);
    },
    async style(stream = "stdout") {
      const { Chalk } = await import("chalk");
      return new Chalk({ level: colorLevel(flags["no-color"] === true, stream) });
    },
    config() {
      config ??= import("../config/index.js").then(({ loadConfig }) =>
        loadConfig({ cwd: context.cwd, env, home: context.home }),
      );
      return config;
    },
    async models(files = []) {
      const { loadModels } = await import("./models.js");
      return loadModels(context, files);
    },
  };

  function colorLevel(unwanted: boolean, stream: "stdout" | "stderr"): 0 | 1 | 2 | 3 {
    const forced = env.FORCE_COLOR;
    // An empty NO_COLOR counts as unset (no-color.org).
    if (unwanted || env.NO_COLOR) return 0;
    if (forced !== undefined)
      return forced === "0" || forced === "false" ? 0 : forced === "2" ? 2 : forced === "3" ? 3 : 1;
    const isTerminal = stream === "stdout" ? terminal.stdoutIsTerminal : terminal.stderrIsTerminal;
    return isTerminal && env.TERM !== "dumb" ? 1 : 0;
  }

  return context;
}
