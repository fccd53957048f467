/**
 * What a command is: plain data and one function. From a definition come the values that the parser (`argv.ts`) takes, the
 * oclif class (`oclif-command.ts`: help, completion, manifest) and the page in `docs/cli`, so flags have one source.
 */
import type { CommandContext } from "./context.js";

interface FlagBase {
  /** One line for the help. */
  readonly summary: string;
  readonly char?: string;
  /** Heading of the flag in the help; default `FLAGS`. */
  readonly group?: string;
  /** What the help shows for the value, such as `PATH`. */
  readonly valueName?: string;
  /** What holds without the flag, for the help only: the value itself comes from the configuration or the service. */
  readonly fallback?: string;
  /** Environment variable that does the same, for the help only: the configuration reads it. */
  readonly env?: string;
  /** Flags that cannot be given together with this one. */
  readonly exclusive?: readonly string[];
  /** Flags that must be given together with this one. */
  readonly dependsOn?: readonly string[];
  /** No message may show the value. */
  readonly secret?: boolean;
}

export type FlagSpec =
  | (FlagBase & { readonly type: "boolean" })
  | (FlagBase & { readonly type: "string"; readonly multiple?: boolean })
  | (FlagBase & { readonly type: "integer" | "number"; readonly min?: number; readonly max?: number })
  | (FlagBase & { readonly type: "enum"; readonly options: readonly string[] });

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

/** A positional argument. Positionals are never filled from stdin. */
export interface ArgSpec {
  readonly summary: string;
  readonly required?: boolean;
  /** Takes all words that follow too, joined by blanks. For the last argument. */
  readonly rest?: boolean;
  /** Takes all words that follow too, as a list. For the last argument. */
  readonly multiple?: boolean;
}
export type ArgSpecs = Readonly<Record<string, ArgSpec>>;

export interface Example {
  readonly description: string;
  /** The command line, long flags, without the `$`. */
  readonly command: string;
}

type FlagValue<Spec> = Spec extends { type: "boolean" }
  ? boolean
  : Spec extends { type: "integer" | "number" }
    ? number
    : Spec extends { type: "enum"; options: readonly (infer Option)[] }
      ? Option
      : Spec extends { multiple: true }
        ? string[]
        : string;

/** Values by flag name; what was not given is absent. */
export type ParsedFlags<Flags extends FlagSpecs> = {
  -readonly [Name in keyof Flags]?: FlagValue<Flags[Name]>;
};
export type ParsedArgs<Args extends ArgSpecs> = {
  -readonly [Name in keyof Args]: Args[Name] extends { multiple: true }
    ? string[] | undefined
    : Args[Name] extends { required: true }
      ? string
      : string | undefined;
};

export interface ParsedInput<Flags extends FlagSpecs = FlagSpecs, Args extends ArgSpecs = ArgSpecs> {
  readonly flags: ParsedFlags<Flags & CommonFlags>;
  readonly args: ParsedArgs<Args>;
}

export interface CommandDefinition<Flags extends FlagSpecs = FlagSpecs, Args extends ArgSpecs = ArgSpecs> {
  /** Words of the command line, separated by blanks: `models list`. */
  readonly id: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  /** At least one. */
  readonly examples: readonly Example[];
  readonly args: Args;
  /** The command's own flags; `COMMON_FLAGS` are added to every command. */
  readonly flags: Flags;
  /** Whether it runs until it is told to stop: its heap is kept small then. */
  readonly staysRunning?: boolean;
  /** The documented type of the `--json` document, as TypeScript text for `docs/cli`. */
  readonly jsonType: string;
  /**
   * Does the work: calls one service and renders its result through `context`. Heavy modules are imported inside it.
   * @returns the exit code; nothing means 0
   */
  run(context: CommandContext, input: ParsedInput<Flags, Args>): Promise<number | void>;
}

/** Flags of every command. */
export const COMMON_FLAGS = {
  json: { type: "boolean", summary: "Print one JSON document, errors included.", group: "GLOBAL" },
  quiet: { type: "boolean", char: "q", summary: "Print no notes on stderr; errors stay.", group: "GLOBAL" },
  verbose: { type: "boolean", char: "v", summary: "Show the chain of causes of an error.", group: "GLOBAL" },
  "no-color": { type: "boolean", summary: "No colours.", group: "GLOBAL", env: "NO_COLOR" },
} as const satisfies FlagSpecs;
export type CommonFlags = typeof COMMON_FLAGS;

/** A definition for the tables: which flags it has no longer matters to the caller. */
export type AnyCommand = CommandDefinition;

/** Types `definition`, so that `run` sees each flag and argument with its own type. */
export function defineCommand<const Flags extends FlagSpecs, const Args extends ArgSpecs>(
  definition: CommandDefinition<Flags, Args>,
): AnyCommand {
  return definition;
}

/** All flags of `definition`, its own first. */
export function allFlags(definition: Pick<AnyCommand, "flags">): FlagSpecs {
  return { ...definition.flags, ...COMMON_FLAGS };
}
