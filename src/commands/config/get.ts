import { defineCommand } from "../../cli/definition.js";
import { printable } from "../../cli/terminal.js";
import { InputError } from "../../shared/errors.js";

export const CONFIG_GET = defineCommand({
  id: "config get",
  summary: "Print the value of one setting.",
  description:
    "A setting that nothing sets and that has no default prints -. Secrets (tokens, addresses with a password) are printed " +
    "nowhere: of one that is set this command says where it is kept, on stderr, and ends with 2; with --json it prints a " +
    "document whose value is masked.",
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
  /** The value is a secret, or has a password: what value holds stands in its place. */
  masked?: true;
  /** "default", "user file PATH", "project file PATH" or "environment NAME". */
  origin: string;
}`,
  async run(context, { args }) {
    const { formatOrigin, parseConfigKey, shownValue } = await import("../../config/index.js");
    const key = parseConfigKey(args.key);
    const config = await context.config();
    const { value, masked } = shownValue(key, config.get(key));
    const origin = formatOrigin(config.origin(key));
    if (context.json) return context.printJson({ version: 1, key, value, masked, origin });
    // A script that took what stands in its place for the value would fail elsewhere.
    if (masked)
      throw new InputError("M2M_USAGE", `${key} is a secret and is not printed; it is kept in: ${origin}.`);
    const text = String(value ?? "-");
    await context.print(context.terminal.stdoutIsTerminal ? printable(text) : text);
  },
});
