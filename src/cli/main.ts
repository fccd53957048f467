/** Entry of the `m2m` binary, bundled into `dist/cli/main.cjs`. */
import { COMMANDS } from "../commands/index.js";
import { selectCommand, wantsHelp } from "./argv.js";
import { EXIT } from "./errors.js";
import { reportError, runCommandLine } from "./run.js";
import { writeStdout } from "./stdio.js";
import { versionText } from "./version.js";

/**
 * Runs `argv`. Commands run without the framework, which costs five times the start of Node; help and completion are
 * the framework's.
 * @param root folder of the package
 */
export async function main(argv: readonly string[], root: string): Promise<void> {
  if (argv[0] === "--version" || argv[0] === "-V") {
    process.exitCode = await writeStdout(`${versionText()}\n`).then(
      () => EXIT.OK,
      (error: unknown) => reportError(error, argv),
    );
    return;
  }
  const selected = selectCommand(COMMANDS, argv);
  if (selected && !wantsHelp(selected.rest)) {
    process.exitCode = await runCommandLine(selected.definition, selected.rest);
    return;
  }
  const { runFramework } = await import("./framework.js");
  process.exitCode = await runFramework(COMMANDS, argv, root);
}

export { runLineWorker } from "./line-worker.js";
