import { execFileSync, spawnSync, type ExecFileSyncOptionsWithStringEncoding } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the repository, without a final separator. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/** Output of an npm command in the repository. Works without a shell where the tests run under npm. */
export function runNpm(...args: string[]): string {
  const npm = process.env.npm_execpath;
  const options: ExecFileSyncOptionsWithStringEncoding = {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  };
  return npm?.endsWith(".js")
    ? execFileSync(process.execPath, [npm, ...args], options)
    : execFileSync("npm", args, { ...options, shell: process.platform === "win32" });
}

/** Paths of the files under version control, or `undefined` where there is no repository (a source archive). */
export function tryListTrackedFiles(): string[] | undefined {
  if (!existsSync(join(ROOT, ".git"))) return undefined;
  const { status, stdout } = spawnSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) return undefined;
  return stdout.split("\0").filter((name) => name !== "" && existsSync(join(ROOT, name)));
}

/** A temporary folder in which the package is installed, as in a user's project. */
export interface Consumer {
  readonly folder: string;
  remove(): void;
}

/** Makes a `Consumer`; the package and its types of Node are links, so nothing is copied or fetched. */
export function createConsumer(): Consumer {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "m2m-consumer-")));
  mkdirSync(join(folder, "node_modules", "@types"), { recursive: true });
  symlinkSync(ROOT, join(folder, "node_modules", "m2m-protocol"), "junction");
  for (const name of ["@types/node", "undici-types"]) {
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name), "junction");
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
