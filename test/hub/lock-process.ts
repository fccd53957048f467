/**
 * Gets into a folder again and again, and each time leaves its lock as a process does that dies there. Fails if somebody else is in.
 * Arguments: folder, how often, the name of a lock of the dead.
 */
import { mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { FolderLock } from "../../src/hub/folder-lock.js";

const [folder = "", count = "0", dead = ""] = process.argv.slice(2);
const busy = join(folder, "busy");
for (let done = 0; done < Number(count);) {
  try {
    new FolderLock(folder, folder);
  } catch {
    continue;
  }
  mkdirSync(busy);
  rmdirSync(busy);
  const own = readdirSync(folder).find((name) => name.startsWith(`lock-${process.pid}-`));
  if (own === undefined) throw new Error("the own lock is not there any more");
  renameSync(join(folder, own), join(folder, dead));
  done++;
}
