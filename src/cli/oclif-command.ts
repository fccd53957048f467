import { Args, Command, Flags, type Interfaces } from "@oclif/core";
import { allFlags, type AnyCommand, type FlagSpec } from "./definition.js";
import { toErrorJson } from "./errors.js";
import { asUsageError } from "./framework.js";
import { reportError, runCommand, wantsJson } from "./run.js";
import { parseFlagValue } from "./values.js";

type AnyFlag = Interfaces.FlagInput[string];

/** The oclif class of `definition`: what help, completion, the manifest and the slow path see. */
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
      Object.entries(definition.args).map(([name, { summary, required }]) => [
        name,
        // Otherwise oclif fills a missing argument from piped stdin, and a payload becomes a name.
        Args.string({ description: summary, required: required === true, ignoreStdin: true }),
      ]),
    );
    static override flags = Object.fromEntries(
      Object.entries(allFlags(definition)).map(([name, spec]) => [name, toOclifFlag(name, spec)]),
    );

    override async run(): Promise<void> {
      const { args, flags } = await this.parse(DefinedCommand);
      process.exitCode = await runCommand(definition, { args, flags });
    }

    /** Errors of `run` are reported by `runCommand`; what arrives here is about the command line. */
    override async catch(error: Error & { code?: string }): Promise<void> {
      this.parsed = true;
      if (error.code === "EEXIT") throw error;
      const verbose = this.argv.includes("--verbose");
      process.exitCode = await reportError(asUsageError(error, definition.id), {
        json: wantsJson(this.argv),
        verbose,
      });
    }

    override toErrorJson(error: unknown): { error: ReturnType<typeof toErrorJson> } {
      return { error: toErrorJson(error) };
    }
  };
}

function toOclifFlag(name: string, spec: FlagSpec): AnyFlag {
  const common = {
    summary: flagSummary(spec),
    char: spec.char as Interfaces.AlphabetLowercase | undefined,
    helpGroup: spec.group,
    exclusive: spec.exclusive && [...spec.exclusive],
    dependsOn: spec.dependsOn && [...spec.dependsOn],
  };
  if (spec.type === "boolean") return Flags.boolean(common);
  const option = { ...common, helpValue: spec.valueName };
  if (spec.type === "enum") return Flags.option({ ...option, options: [...spec.options] })();
  if (spec.type === "string") {
    return spec.multiple ? Flags.string({ ...option, multiple: true }) : Flags.string(option);
  }
  return Flags.custom<number>({
    ...option,
    parse: async (text) => parseFlagValue(name, spec, text) as number,
  })();
}

/** The help's line of a flag: what it does, what holds without it, which variable does the same. */
export function flagSummary(spec: FlagSpec): string {
  const fallback = spec.fallback === undefined ? "" : ` [default: ${spec.fallback}]`;
  const env = spec.env === undefined ? "" : ` [env: ${spec.env}]`;
  return `${spec.summary}${fallback}${env}`;
}
