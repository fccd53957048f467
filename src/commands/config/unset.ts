import { defineCommand } from "../../cli/definition.js";
import { printable } from "../../cli/terminal.js";

export const CONFIG_UNSET = defineCommand({
  id: "config unset",
  summary: "Take one setting out of the user file, or out of the project's.",
  description: "Its line goes; comments and everything else stay, what is wrong too.",
  examples: [
    { description: "For the user", command: "m2m config unset compression.quality" },
    {
      description: "For the project in this folder",
      command: "m2m config unset compression.policy --project",
    },
  ],
  args: { key: { summary: "The setting, such as compression.quality.", required: true } },
  flags: {
    project: { type: "boolean", summary: "Change the nearest m2m.toml upwards." },
  },
  jsonType: `{
  version: 1;
  key: string;
  file: string;
  /** Whether the file had it. */
  removed: boolean;
  /** The value in force now; absent: not set, and there is no default. */
  value?: string | number | boolean;
  /** The value is a secret, or has a password: what value holds stands in its place. */
  masked?: true;
  /** Where it comes from; see config get. */
  origin?: string;
  /** What else is wrong with the settings, so that no command can use them yet. */
  problem?: string;
}`,
  async run(context, { args, flags }) {
    const { formatOrigin, locateConfigFile, parseConfigKey, shownValue, unsetConfigValue } =
      await import("../../config/index.js");
    const { valueInForce } = await import("./value-in-force.js");
    const key = parseConfigKey(args.key);
    const file = locateConfigFile(context, flags.project ? "project" : "user");
    const removed = await unsetConfigValue(file, key);
    const { problem, ...found } = await valueInForce(context, key);
    const { value, masked } = shownValue(key, found.value);
    const origin = found.origin && formatOrigin(found.origin);
    if (context.json)
      return context.printJson({ version: 1, key, file, removed, value, masked, origin, problem });
    context.note(printable(removed ? `${key} is out of ${file}.` : `${key} is not set in ${file}.`));
    if (origin !== undefined) context.note(printable(`It is ${value ?? "-"} now: ${origin}.`));
    if (problem !== undefined) context.note(printable(`The settings are not usable yet: ${problem}`));
  },
});
