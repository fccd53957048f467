import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Where settings come from. */
export interface ConfigEnvironment {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Home folder of the user. */
  readonly home: string;
}

/** Name of a project's settings file. */
export const PROJECT_FILE_NAME = "m2m.toml";

/** Folder of the user's files: `M2M_HOME`, else `~/.m2m`. */
export function userFolder({ cwd, env, home }: ConfigEnvironment): string {
  return env.M2M_HOME ? resolve(cwd, env.M2M_HOME) : join(home, ".m2m");
}

/** The user's settings file: `M2M_CONFIG`, else `config.toml` in the user folder. It need not exist. */
export function userFile(environment: ConfigEnvironment): string {
  const { cwd, env } = environment;
  return env.M2M_CONFIG ? resolve(cwd, env.M2M_CONFIG) : join(userFolder(environment), "config.toml");
}

/** The nearest `m2m.toml` from the working directory upwards, not above the home folder; `undefined` if none is. */
export function findProjectFile({ cwd, home }: ConfigEnvironment): string | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = join(folder, PROJECT_FILE_NAME);
    if (isFile(file)) return file;
    if (folder === resolve(home) || folder === dirname(folder)) return undefined;
  }
}

/** The file that a change of the user's or the project's settings goes to. It need not exist. */
export function locateConfigFile(environment: ConfigEnvironment, whose: "user" | "project"): string {
  if (whose === "user") return userFile(environment);
  return findProjectFile(environment) ?? join(resolve(environment.cwd), PROJECT_FILE_NAME);
}

/** Whether `path` can be read as a file (`/dev/null` too): there is something, and it is no folder. */
export function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
  } catch {
    // A part of the path is no folder, or must not be entered: then it is not ours to read.
    return false;
  }
}

/** The absolute path that `path` means in a file or variable: `~` is the home folder, else relative to `folder`. */
export function resolvePath(path: string, folder: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : resolve(folder, path);
}
