import { dirname, join, resolve } from "node:path";
import { InputError } from "../shared/errors.js";
import { isRegularFile } from "../shared/files.js";

/** Where settings come from. */
export interface ConfigEnvironment {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Home folder of the user; empty if there is none. */
  readonly home: string;
}

/** Name of a project's settings file. */
export const PROJECT_FILE_NAME = "m2m.toml";

/** Folder of the user's files: `M2M_HOME`, else `~/.m2m`; `undefined` where there is no home folder. */
export function userFolder({ cwd, env, home }: ConfigEnvironment): string | undefined {
  if (env.M2M_HOME) return resolve(cwd, env.M2M_HOME);
  return home === "" ? undefined : join(home, ".m2m");
}

/** The user's settings file: `M2M_CONFIG`, else `config.toml` in the user folder. It need not exist. */
export function userFile(environment: ConfigEnvironment): string | undefined {
  const { cwd, env } = environment;
  if (env.M2M_CONFIG) return resolve(cwd, env.M2M_CONFIG);
  const folder = userFolder(environment);
  return folder === undefined ? undefined : join(folder, "config.toml");
}

/** The nearest `m2m.toml` from the working directory upwards, not above the home folder; `undefined` if none is. */
export function findProjectFile({ cwd, home }: ConfigEnvironment): string | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = join(folder, PROJECT_FILE_NAME);
    // Found, not named: what lies about in a folder may be a pipe or a device.
    if (isRegularFile(file)) return file;
    if ((home !== "" && folder === resolve(home)) || folder === dirname(folder)) return undefined;
  }
}

/**
 * The file that a change of the user's or the project's settings goes to. It need not exist.
 * @throws {InputError} `M2M_CONFIG_INVALID` if there is no home folder
 */
export function locateConfigFile(environment: ConfigEnvironment, whose: "user" | "project"): string {
  if (whose === "user") {
    const file = userFile(environment);
    if (file !== undefined) return file;
    throw new InputError("M2M_CONFIG_INVALID", "There is no home folder for the user file.", {
      hint: "Set M2M_HOME or M2M_CONFIG.",
    });
  }
  return findProjectFile(environment) ?? join(resolve(environment.cwd), PROJECT_FILE_NAME);
}

/** The absolute path that `path` means in a file or variable: `~` is the home folder, else relative to `folder`. */
export function resolvePath(path: string, folder: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : resolve(folder, path);
}
