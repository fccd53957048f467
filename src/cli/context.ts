import type { ChalkInstance } from "chalk";
import type { Config } from "../config/index.js";
import type { ModelRegistry } from "../models/index.js";
import type { Terminal } from "./terminal.js";

/** What a command may touch of the outside. Commands reach the process only through it. */
export interface CommandContext {
  /** Whether `--json` was given: the result is then one `printJson`. */
  readonly json: boolean;
  readonly verbose: boolean;
  readonly quiet: boolean;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Home folder of the user, where `~/.m2m` is; empty if there is none. */
  readonly home: string;
  readonly terminal: Terminal;

  /** Writes `text` and a line feed to stdout. For the result only. */
  print(text: string): Promise<void>;
  /** Writes `value` as one JSON document to stdout. */
  printJson(value: unknown): Promise<void>;
  /** Writes one line to stderr, unless `--quiet`. */
  note(text: string): void;
  /** Colours for text that goes to `stream`; plain where colours are unwanted. Loads chalk. */
  style(stream?: "stdout" | "stderr"): Promise<ChalkInstance>;
  /** Settings from environment, project file, user file and defaults. Read once. */
  config(): Promise<Config>;
  /** Known models, the user's own (`~/.m2m/models.toml`) and those of `files` (`--models`) included. */
  models(files?: readonly string[]): Promise<ModelRegistry>;
}
