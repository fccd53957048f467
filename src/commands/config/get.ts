import { defineCommand } from "../../cli/definition.js";
import { printable } from "../../cli/terminal.js";

export const CONFIG_GET = defineCommand({
  id: "config get",
  summary: "Print the value of one setting.",
  description: "A setting that nothing sets and that has no default prints -.",
  examples: [
    { description: "The value in force", command: "m2m config get compression.quality" },
    { description: "With its origin", command: "m2m config get server.port --json" },
  ],
  args: { key: { summary: "The setting, such as compression.quality.", required: true } },
  flags: {},
  jsonType: `{
  version: 1;
  key: string;
  /** Absent: not set, and there is no default. */
  value?: string | number | boolean;
  /** "default", "user file PATH", "project file PATH" or "environment NAME". */
  origin: string;
}`,
  async run(context, { args }) {
    const { formatOrigin, parseConfigKey, shownValue } = await import("../../config/index.js");
    const key = parseConfigKey(args.key);
    const config = await context.config();
    const value = shownValue(key, config.get(key));
    if (context.json)
      return context.printJson({ version: 1, key, value, origin: formatOrigin(config.origin(key)) });
    const text = String(value ?? "-");
    await context.print(context.terminal.stdoutIsTerminal ? printable(text) : text);
  },
});
