/** Entry of the `m2m` binary, bundled into `dist/cli/main.cjs`. */
import { COMMANDS } from "../commands/index.js";
import { selectCommand, tryParseArgv } from "./argv.js";
import type { ParsedInput } from "./definition.js";
import { runCommand } from "./run.js";
import { writeStdout } from "./stdio.js";
import { versionText } from "./version.js";

/**
 * Runs `argv`. A command line that is understood completely runs without the framework, which costs five times the
 * start of Node; help, completion and mistakes go to it.
 * @param root folder of the package
 */
export async function main(argv: readonly string[], root: string): Promise<void> {
  if (argv[0] === "--version" || argv[0] === "-V") {
    await writeStdout(`${versionText(root)}\n`).catch(() => {});
    return;
  }
  const selected = selectCommand(COMMANDS, argv);
  const input = selected && tryParseArgv(selected.definition, selected.rest);
  if (selected && input) {
    process.exitCode = await runCommand(selected.definition, input as ParsedInput);
    return;
  }
  const { runFramework } = await import("./framework.js");
  process.exitCode = await runFramework(COMMANDS, argv, root);
}
