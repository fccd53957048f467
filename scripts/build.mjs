// Builds dist/: the library (tsc), the tokenizer tables, the command line's bundle and oclif's manifest. What is there
// keeps working meanwhile: the new is made in a folder of its own and put in place at the end.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = `${root}dist`;
const stage = `${dist}/.new-${process.pid}`;
const old = `${dist}/.old-${process.pid}`;
const bin = (name) => fileURLToPath(import.meta.resolve(name));
const run = (file, ...args) =>
  execFileSync(process.execPath, [file, ...args], { cwd: root, stdio: "inherit" });

try {
  const tsc = bin("typescript").replace(/lib[\\/]typescript\.js$/, "bin/tsc");
  run(tsc, "-p", "tsconfig.build.json", "--outDir", stage);
  run("scripts/build-ranks.mjs");
  run("scripts/build-cli.mjs", stage);
  putInPlace();
} finally {
  for (const folder of [stage, old]) rmSync(folder, { recursive: true, force: true });
}
makeCodeCache();
// oclif would ask the registry for a newer version of itself.
process.env.OCLIF_SKIP_NEW_VERSION_CHECK = "true";
run("node_modules/oclif/bin/run.js", "manifest");

/** What the sources do not make any more goes, the tables stay. */
function putInPlace() {
  mkdirSync(old, { recursive: true });
  for (const name of readdirSync(dist)) {
    if (name === "ranks" || name.startsWith(".")) continue;
    renameSync(`${dist}/${name}`, `${old}/${name}`);
    if (existsSync(`${stage}/${name}`)) renameSync(`${stage}/${name}`, `${dist}/${name}`);
  }
  for (const name of readdirSync(stage)) renameSync(`${stage}/${name}`, `${dist}/${name}`);
}

/**
 * V8's code cache of the bundle, for Node versions without one of their own: made in a process that runs the commands
 * that are to start fast, so that their functions are in it. The builder's own settings are kept out: the folder has none.
 */
function makeCodeCache() {
  const settings = Object.entries(process.env).filter(([variable]) => !variable.startsWith("M2M_"));
  execFileSync(process.execPath, [`${root}scripts/build-code-cache.cjs`], {
    cwd: dist,
    env: { ...Object.fromEntries(settings), M2M_HOME: dist },
    stdio: ["ignore", "ignore", "inherit"],
  });
}
