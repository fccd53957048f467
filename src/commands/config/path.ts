import { defineCommand } from "../../cli/definition.js";
import { printable } from "../../cli/terminal.js";
import { isFile, isThere } from "../../shared/files.js";

export const CONFIG_PATH = defineCommand({
  id: "config path",
  summary: "Print where the settings file is, or would be made.",
  examples: [
    { description: "The user file", command: "m2m config path" },
    { description: "The project's", command: "m2m config path --project" },
  ],
  args: {},
  flags: {
    project: {
      type: "boolean",
      summary: "The nearest m2m.toml upwards; if there is none, the one of this folder.",
    },
  },
  jsonType: `{
  version: 1;
  path: string;
  exists: boolean;
}`,
  async run(context, { flags }) {
    const { locateConfigFile } = await import("../../config/index.js");
    const path = locateConfigFile(context, flags.project ? "project" : "user");
    const exists = isFile(path);
    if (context.json) return context.printJson({ version: 1, path, exists });
    await context.print(context.terminal.stdoutIsTerminal ? printable(path) : path);
    if (exists) return;
    // A project file is looked for, and what is none is passed over.
    const isInTheWay = !flags.project && isThere(path);
    context.note(
      isInTheWay ? "No settings can be read there: m2m config list says why." : "There is no such file yet.",
    );
  },
});
