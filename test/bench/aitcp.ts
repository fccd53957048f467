// AI-TCP beside TLS 1.3 on loopback: npx tsx test/bench/aitcp.ts [--quick] [--rounds N] [--libp2p DIR]
import { spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { HEAP_FLAG } from "./aitcp/far-end.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = `${root}node_modules/.cache/m2m-bench/aitcp`;

// Built as the package is: what tsx makes of functions, so that their names stay, takes a third of the time of a handshake.
await build({
  absWorkingDir: root,
  entryPoints: ["test/bench/aitcp/report.ts", "test/bench/aitcp/peer.ts"],
  outdir: folder,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  packages: "external",
  platform: "node",
  target: "node20",
  format: "esm",
  logLevel: "warning",
});
// Read as text, not imported.
copyFileSync(`${root}test/bench/aitcp/libp2p-handshakes.mjs`, `${folder}/libp2p-handshakes.mjs`);
const { status } = spawnSync(
  process.execPath,
  ["--expose-gc", HEAP_FLAG, `${folder}/report.mjs`, ...process.argv.slice(2)],
  { stdio: "inherit" },
);
process.exitCode = status ?? 1;
