import { defineCommand } from "../../cli/definition.js";
import { printable } from "../../cli/terminal.js";

export const CONFIG_SET = defineCommand({
  id: "config set",
  summary: "Change one setting in the user file, or in the project's.",
  description:
    "One line of the file changes; comments and everything else stay, what is wrong too. The file is made if there is " +
    "none. A relative path is relative to the working directory. Values that begin with a dash follow --. What a project " +
    "file may not say, such as proxy.target, is refused with --project.",
  examples: [
    { description: "For the user", command: "m2m config set compression.quality 9" },
    {
      description: "For the project in this folder",
      command: "m2m config set compression.policy smallest --project",
    },
  ],
  args: {
    key: { summary: "The setting, such as compression.quality.", required: true },
    value: { summary: "Its new value.", required: true },
  },
  flags: {
    project: {
      type: "boolean",
      summary: "Change the nearest m2m.toml upwards, or make one in this folder.",
    },
  },
  jsonType: `{
  version: 1;
  key: string;
  value: string | number | boolean;
  /** The value is a secret, or has a password: what value holds stands in its place. */
  masked?: true;
  /** The file that was changed. */
  file: string;
  /** Where the value in force comes from, if not from this file. */
  overriddenBy?: string;
  /** What else is wrong with the settings, so that no command can use them yet. */
  problem?: string;
}`,
  async run(context, { args, flags }) {
    const {
      assertProjectMaySet,
      formatOrigin,
      locateConfigFile,
      parseConfigKey,
      setConfigValue,
      shownValue,
    } = await import("../../config/index.js");
    const { valueInForce } = await import("./value-in-force.js");
    const key = parseConfigKey(args.key);
    const file = locateConfigFile(context, flags.project ? "project" : "user");
    if (flags.project && file !== locateConfigFile(context, "user"))
      await assertProjectMaySet(context, key, args.value);
    const { value, masked } = shownValue(key, await setConfigValue(file, key, args.value, context.cwd));
    const { origin, problem } = await valueInForce(context, key);
    const overriddenBy = origin === undefined || origin.name === file ? undefined : formatOrigin(origin);
    if (context.json)
      return context.printJson({ version: 1, key, value, masked, file, overriddenBy, problem });
    context.note(printable(`${key} is ${value} in ${file}.`));
    if (overriddenBy !== undefined)
      context.note(printable(`It has no effect here: ${overriddenBy} says otherwise.`));
    if (problem !== undefined) context.note(printable(`The settings are not usable yet: ${problem}`));
  },
});
