import { Args, Command, Flags, type Interfaces } from "@oclif/core";
import { allFlags, type AnyCommand, type FlagSpec } from "./definition.js";
import { runCommandLine } from "./run.js";

type AnyFlag = Interfaces.FlagInput[string];

/** The oclif class of `definition`: what help, completion and the manifest see. oclif's own parser reads nothing. */
export function toOclifCommand(definition: AnyCommand): typeof Command {
  return class DefinedCommand extends Command {
    static override id = definition.id.replaceAll(" ", ":");
    static override summary = definition.summary;
    static override description = definition.description;
    static override examples = definition.examples.map(({ description, command }) => ({
      description,
      command,
    }));
    static override enableJsonFlag = true;
    static override args = Object.fromEntries(
      Object.entries(definition.args).map(([name, { summary, required, rest, multiple }]) => [
        name,
        Args.string({
          description: summary,
          required: required === true,
          multiple: rest || multiple,
          ignoreStdin: true,
        }),
      ]),
    );
    static override flags = Object.fromEntries(
      Object.entries(allFlags(definition)).map(([name, spec]) => [name, toOclifFlag(spec)]),
    );

    override async run(): Promise<void> {
      this.parsed = true;
      process.exitCode = await runCommandLine(definition, this.argv);
    }
  };
}

function toOclifFlag(spec: FlagSpec): AnyFlag {
  const common = {
    summary: flagSummary(spec),
    char: spec.char as Interfaces.AlphabetLowercase | undefined,
    helpGroup: spec.group,
  };
  if (spec.type === "boolean") return Flags.boolean(common);
  const option = { ...common, helpValue: spec.valueName };
  if (spec.type === "enum") return Flags.option({ ...option, options: [...spec.options] })();
  return spec.type === "string" && spec.multiple
    ? Flags.string({ ...option, multiple: true, multipleNonGreedy: true })
    : Flags.string(option);
}

/** The help's line of a flag: what it does, what holds without it, which variable does the same. */
export function flagSummary(spec: FlagSpec): string {
  const fallback = spec.fallback === undefined ? "" : ` [default: ${spec.fallback}]`;
  const env = spec.env === undefined ? "" : ` [env: ${spec.env}]`;
  return `${spec.summary}${fallback}${env}`;
}
