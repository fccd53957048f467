// Builds dist/: the library (tsc), the tokenizer tables, the command line's bundle and oclif's manifest.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => fileURLToPath(import.meta.resolve(name));
const run = (file, ...args) =>
  execFileSync(process.execPath, [file, ...args], { cwd: root, stdio: "inherit" });

for (const folder of ["codec", "tokenizer", "models", "config", "shared", "cli", "commands"]) {
  rmSync(`${root}dist/${folder}`, { recursive: true, force: true });
}
run(bin("typescript").replace(/lib[\\/]typescript\.js$/, "bin/tsc"), "-p", "tsconfig.build.json");
run("scripts/build-ranks.mjs");
run("scripts/build-cli.mjs");
// oclif would ask the registry for a newer version of itself.
process.env.OCLIF_SKIP_NEW_VERSION_CHECK = "true";
run("node_modules/oclif/bin/run.js", "manifest");
