// Bundles the command line: dist/cli/main.cjs (every command, no framework), dist/cli/catalog.cjs (the models, loaded when
// one is asked for) and dist/cli/main.cache (V8's code cache of the former, for Node versions without one of their own).
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const { name, version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
// CommonJS starts faster than ES modules.
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  minify: true,
};
const options = { ...common, legalComments: "none", logLevel: "warning" };

/** The catalog is a third of the bundle and most runs ask for no model: an array that loads itself at the first question. */
const lazyCatalog = {
  name: "lazy-catalog",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^\.\/catalog\.cjs$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /[\\/]models[\\/]catalog\.gen\.ts$/ }, () => ({
      contents: `
        const load = () => require("./catalog.cjs").CATALOG;
        export const CATALOG = new Proxy([], {
          get(_, key) {
            const value = load()[key];
            return typeof value === "function" ? value.bind(load()) : value;
          },
        });`,
      loader: "js",
    }));
  },
};

await build({ ...options, entryPoints: ["src/models/catalog.gen.ts"], outfile: "dist/cli/catalog.cjs" });
await build({
  ...options,
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/cli/main.cjs",
  // import.meta.url is what locates the tokenizer tables.
  banner: { js: 'const __importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
  define: { "import.meta.url": "__importMetaUrl", M2M_PACKAGE: JSON.stringify(`${name}/${version}`) },
  // Never on the hot path: loaded from node_modules when a command asks for them.
  external: ["@oclif/*", "chalk", "cli-table3", "ora", "brotli-wasm", "smol-toml"],
  // require() instead of import(): it is faster, loads ES modules too, and works in a script from the code cache.
  supported: { "dynamic-import": false },
  plugins: [lazyCatalog],
});

rmSync(`${root}dist/cli/main.cache`, { force: true });
// In a process of its own, which runs the commands that are to start fast, so that their functions are in the cache.
// The builder's own settings are kept out: the folder has none.
const settings = Object.entries(process.env).filter(([variable]) => !variable.startsWith("M2M_"));
const cached = spawnSync(process.execPath, [`${root}scripts/build-code-cache.cjs`], {
  cwd: `${root}dist`,
  env: { ...Object.fromEntries(settings), M2M_HOME: `${root}dist` },
  stdio: ["ignore", "ignore", "inherit"],
});
if (cached.status !== 0) throw new Error("The code cache could not be made.");
