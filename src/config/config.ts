import { dirname } from "node:path";
import { InputError } from "../shared/errors.js";
import { nearestNames } from "../shared/nearest-name.js";
import { type ConfigFile, type ConfigValues, readConfigFile } from "./file.js";
import { isFile, isThere } from "../shared/files.js";
import { type ConfigEnvironment, findProjectFile, resolvePath, userFile } from "./locations.js";
import {
  CONFIG_KEY_NAMES,
  CONFIG_SECTIONS,
  type ConfigKey,
  type ConfigScalar,
  type ConfigValue,
  specOf,
  parseText,
  variableOf,
} from "./schema.js";
import type { ProjectShare } from "./key-spec.js";
import type { UpstreamTable } from "./upstreams.js";

/** Where a value comes from. */
export interface ConfigOrigin {
  readonly kind: "default" | "user file" | "project file" | "environment";
  /** Path of the file, or name of the variable. */
  readonly name?: string;
}

const DEFAULT_ORIGIN: ConfigOrigin = { kind: "default" };

/** For people and scripts: `environment M2M_SERVER_PORT`. */
export function formatOrigin({ kind, name }: ConfigOrigin): string {
  return name === undefined ? kind : `${kind} ${name}`;
}

export interface ConfigEntry {
  key: ConfigKey;
  /** Absent where nothing sets it and there is no default. */
  value: ConfigScalar | undefined;
  origin: ConfigOrigin;
}

/** What counts for nothing in a project file, as it stands there. */
export type IgnoredSetting = ConfigKey | "[[upstream]]";

/** The settings in force, and where each comes from. Immutable. */
export class Config {
  /** The user's file; it need not exist. `undefined` where there is no home folder. */
  readonly userFile: string | undefined;
  /** The project's file, if there is one. */
  readonly projectFile: string | undefined;
  /** What of the project's file it may not give: settings, and `[[upstream]]`. */
  readonly ignored: readonly IgnoredSetting[];
  /** What `m2m proxy` forwards to: the user file's tables `[[upstream]]`. */
  readonly upstreams: readonly UpstreamTable[];
  readonly #values: ReadonlyMap<ConfigKey, ConfigEntry>;

  constructor(
    files: { userFile?: string; projectFile?: string },
    entries: Iterable<ConfigEntry>,
    ignored: readonly IgnoredSetting[] = [],
    upstreams: readonly UpstreamTable[] = [],
  ) {
    this.ignored = ignored;
    this.upstreams = upstreams;
    this.userFile = files.userFile;
    this.projectFile = files.projectFile;
    this.#values = new Map([...entries].map((entry) => [entry.key, entry]));
  }

  get<Key extends ConfigKey>(key: Key): ConfigValue<Key> {
    return (this.#values.get(key)?.value ?? specOf(key).default) as ConfigValue<Key>;
  }

  origin(key: ConfigKey): ConfigOrigin {
    return this.#values.get(key)?.origin ?? DEFAULT_ORIGIN;
  }

  /** Every setting, in the order of the schema. */
  entries(): ConfigEntry[] {
    return CONFIG_KEY_NAMES.map((key) => ({ key, value: this.get(key), origin: this.origin(key) }));
  }
}

/**
 * The settings by precedence: environment, project file, user file, default. Files that do not exist count as
 * empty, except one that `M2M_CONFIG` names; one that cannot be read is an error; the TOML parser is loaded only if there is a file. Of a project file
 * counts what its settings' `project` says.
 * @throws {InputError} `M2M_CONFIG_INVALID` with file, line and key (or the variable); `M2M_FILE_READ`
 */
export async function loadConfig(options: ConfigEnvironment): Promise<Config> {
  const files = { userFile: userFile(options), projectFile: findProjectFile(options) };
  const values = new Map<ConfigKey, ConfigEntry>();
  const ignored: IgnoredSetting[] = [];
  let upstreams: readonly UpstreamTable[] = [];
  const add = (found: ConfigValues, folder: string, originOf: (key: ConfigKey) => ConfigOrigin) => {
    for (const [key, given] of found) {
      const isPath = specOf(key).type === "path" && typeof given === "string";
      const value = isPath ? resolvePath(given, folder, options.home) : given;
      values.set(key, { key, value, origin: originOf(key) });
    }
  };
  const { userFile: own } = files;
  if (own !== undefined && (options.env.M2M_CONFIG || isThere(own))) {
    const found = await (options.env.M2M_CONFIG && !isFile(own) ? readNamedFile(own) : readConfigFile(own));
    add(found.values, dirname(own), () => ({ kind: "user file", name: own }));
    upstreams = found.upstreams;
  }
  if (files.projectFile !== undefined && files.projectFile !== files.userFile) {
    const path = files.projectFile;
    const file = await readConfigFile(path);
    const found = new Map(file.values);
    for (const [key, value] of found) {
      if (mayProjectSet(key, value, values.get(key)?.value ?? specOf(key).default)) continue;
      found.delete(key);
      ignored.push(key);
    }
    if (file.upstreams.length > 0) ignored.push("[[upstream]]");
    add(found, dirname(path), () => ({ kind: "project file", name: path }));
  }
  add(readEnvironment(options.env), options.cwd, (key) => ({ kind: "environment", name: variableOf(key) }));
  return new Config(files, values.values(), ignored, upstreams);
}

function mayProjectSet(key: ConfigKey, value: ConfigScalar, otherwise: ConfigScalar | undefined): boolean {
  if (value === otherwise) return true;
  switch (specOf(key).project) {
    case "any":
      return true;
    case "none":
      return false;
    case "lower":
      return Number(value) < Number(otherwise);
    case "higher":
      return Number(value) > Number(otherwise);
    case "true":
      return value === true;
  }
}

/** What a project file may give of a setting, for who has tried something else. */
const WHAT_COUNTS: Readonly<Record<ProjectShare, string>> = {
  any: "Any value counts there.",
  none: "Nothing of it counts there: it is not for a repository to say.",
  lower: "Only a value below your own, or below the default, counts there.",
  higher: "Only a value above your own, or above the default, counts there.",
  true: "Only true counts there.",
};

/**
 * Refuses a setting that would count for nothing in a project file, before it is written there.
 * @param text spells the value
 * @throws {InputError} `M2M_CONFIG_INVALID`
 */
export async function assertProjectMaySet(
  options: ConfigEnvironment,
  key: ConfigKey,
  text: string,
): Promise<void> {
  const value = parseText(key, text);
  const own = userFile(options);
  // A file of the user that cannot be read is told of when the settings are used.
  const found =
    own !== undefined && isThere(own) ? await readConfigFile(own).catch(() => undefined) : undefined;
  if (mayProjectSet(key, value, found?.values.get(key) ?? specOf(key).default)) return;
  throw new InputError(
    "M2M_CONFIG_INVALID",
    `${key} has no effect in a project file, so it is not written there.`,
    {
      hint: `${WHAT_COUNTS[specOf(key).project]} Leave out --project to set it for yourself.`,
    },
  );
}

/** A file that `M2M_CONFIG` names and that cannot be read: whoever reads the error looks for the name. */
async function readNamedFile(path: string): Promise<ConfigFile> {
  try {
    return await readConfigFile(path);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { cause, code, line, message } = error;
    throw new InputError(code, `M2M_CONFIG: ${message}`, { cause, line });
  }
}

/** A variable that begins like a setting's but is none is refused: silence would hide a slip. */
function readEnvironment(env: ConfigEnvironment["env"]): ConfigValues {
  const values = new Map<ConfigKey, ConfigScalar>();
  const keys = new Map(CONFIG_KEY_NAMES.map((key) => [variableOf(key), key]));
  for (const name of Object.keys(env)) {
    if (!name.startsWith("M2M_")) continue;
    const text = env[name];
    // An empty variable counts as unset, as in shells that cannot unset.
    if (text === undefined || text === "") continue;
    const key = keys.get(name);
    if (key === undefined) {
      if (CONFIG_SECTIONS.some((section) => name.startsWith(`M2M_${section.toUpperCase()}_`))) {
        throw unknownVariable(name, [...keys.keys()]);
      }
      continue;
    }
    values.set(key, parseText(key, text, name));
  }
  return values;
}

function unknownVariable(name: string, known: string[]): InputError {
  const [near] = nearestNames(name, known, 1);
  return new InputError("M2M_CONFIG_INVALID", `There is no setting for the environment variable ${name}.`, {
    hint: near === undefined ? "`m2m config list` shows all settings." : `Did you mean ${near}?`,
  });
}
