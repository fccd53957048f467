// Builds dist/: the library (tsc), the tokenizer tables, the command line's bundle and oclif's manifest.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const bin = (name) => fileURLToPath(import.meta.resolve(name));
const run = (file, ...args) =>
  execFileSync(process.execPath, [file, ...args], { cwd: root, stdio: "inherit" });

for (const folder of ["codec", "tokenizer", "models", "config", "shared", "cli", "commands"]) {
  rmSync(`${root}dist/${folder}`, { recursive: true, force: true });
}
run(bin("typescript").replace(/lib[\\/]typescript\.js$/, "bin/tsc"), "-p", "tsconfig.build.json");
run("scripts/build-ranks.mjs");
await build({
  absWorkingDir: root,
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/cli/main.cjs",
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  minify: true,
  // CommonJS starts faster than ES modules; import.meta.url is what locates the rank tables.
  banner: { js: 'const __importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
  define: {
    "import.meta.url": "__importMetaUrl",
    M2M_PACKAGE: JSON.stringify(`${manifest.name}/${manifest.version}`),
  },
  // Never on the hot path: loaded from node_modules when a command asks for them.
  external: ["@oclif/*", "chalk", "cli-table3", "ora", "brotli-wasm"],
  legalComments: "none",
  logLevel: "warning",
});
// oclif would ask the registry for a newer version of itself.
process.env.OCLIF_SKIP_NEW_VERSION_CHECK = "true";
if (existsSync(`${root}dist/commands`)) run("node_modules/oclif/bin/run.js", "manifest");
