import { requireNodeModule } from "./platform.js";

/**
 * Makes `folder` and those that it is in, where they are not there. Level by level: Node's own recursion does not end where a file
 * system has no such folder and makes none (/proc).
 * @param mode of folders that are new, before the umask
 */
export function makeFolder(folder: string, mode?: number): void {
  const { existsSync, mkdirSync } = requireNodeModule("fs", "Making a folder");
  const { dirname } = requireNodeModule("path", "Making a folder");
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent, mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(folder)) throw error;
  }
}
