// Bundles the command line into cli/main.cjs of the folder that is given: every command, no framework.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const [folder = "dist"] = process.argv.slice(2);
const root = fileURLToPath(new URL("..", import.meta.url));
const { name, version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
await build({
  absWorkingDir: root,
  entryPoints: ["src/cli/main.ts"],
  outfile: `${folder}/cli/main.cjs`,
  bundle: true,
  platform: "node",
  target: "node20",
  // CommonJS starts faster than ES modules.
  format: "cjs",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  // import.meta.url is what locates the tokenizer tables.
  banner: { js: 'const __importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
  define: { "import.meta.url": "__importMetaUrl", M2M_PACKAGE: JSON.stringify(`${name}/${version}`) },
  // Never on the hot path: loaded from node_modules when a command asks for them.
  external: [
    "@oclif/*",
    "chalk",
    "cli-table3",
    "ora",
    "brotli-wasm",
    "smol-toml",
    "undici",
    "ws",
    "pino",
    "prom-client",
    "ajv",
    "@toon-format/toon",
    "ioredis",
    "@infisical/quic",
    "sodium-native",
    "onnxruntime-node",
  ],
  // require() instead of import(): it is faster, loads ES modules too, and works in a script from the code cache.
  supported: { "dynamic-import": false },
});
// bin/load.js reads it as ASCII. One letter beyond Latin-1 would also double what V8 holds of the script.
const wide = /.{0,40}[^\u0000-\u007f]/u.exec(readFileSync(resolve(root, folder, "cli/main.cjs"), "utf8"));
if (wide) throw new Error(`The bundle is not ASCII: ${wide[0]}`);
