// Runs the benchmarks and writes docs/benchmarks/: npm run bench -- [NAME…] --corpus FILE [-- OPTIONS] (docs/benchmarks/README.md)
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { corpusPath, fail } from "./support.js";

const BENCHMARKS = [
  "tokenizer",
  "codec",
  "compression",
  "t1",
  "frame",
  "billed-tokens",
  "roundtrip",
  "process",
  "hydra",
  "security",
  "quic",
  "aitcp",
  "proxy",
  "server",
];
/** Those that make their own traffic. */
const WITHOUT_CORPUS = new Set(["aitcp", "proxy", "quic", "server"]);

const args = process.argv.slice(2);
const end = args.indexOf("--");
/** Options of the benchmark itself: what stands behind `--`. */
const further = end < 0 ? [] : args.slice(end + 1);
const { values, positionals } = parseArgs({
  args: end < 0 ? args : args.slice(0, end),
  options: { corpus: { type: "string" } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !BENCHMARKS.includes(name));
if (unknown !== undefined) fail(`There is no benchmark "${unknown}". There are ${BENCHMARKS.join(", ")}.`);
const names = positionals.length > 0 ? positionals : BENCHMARKS;
if (further.length > 0 && names.length !== 1) fail("Options behind -- are for one benchmark: name it.");
const corpus = names.every((name) => WITHOUT_CORPUS.has(name)) ? "" : resolve(corpusPath(values.corpus));
const root = new URL("../../", import.meta.url);
const startedMs = performance.now();
/** Where the files of one machine lie says nothing on another. */
const hidePath = (option: string) => (option.includes("/") ? "PATH" : option);
const seconds = (sinceMs: number) => `${((performance.now() - sinceMs) / 1000).toFixed(0)} s`;

for (const [index, name] of names.entries()) {
  process.stderr.write(`[${index + 1}/${names.length}] ${name} …\n`);
  const sinceMs = performance.now();
  const needsCorpus = !WITHOUT_CORPUS.has(name);
  const script = fileURLToPath(new URL(`test/bench/${name}.ts`, root));
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--expose-gc", "--import", "tsx", script, ...(needsCorpus ? ["--corpus", corpus] : []), ...further],
    { encoding: "utf8", maxBuffer: 2 ** 26, stdio: ["ignore", "pipe", "inherit"] },
  );
  if (status !== 0) fail(`${name} failed; what it says is above. Its report is as it was.`);
  const options = further.length > 0 ? ` -- ${further.map(hidePath).join(" ")}` : "";
  const command = `Printed by \`npm run bench -- ${name}${needsCorpus ? " --corpus FILE" : ""}${options}\`; not edited by hand.`;
  writeFileSync(new URL(`docs/benchmarks/${name}.md`, root), `${stdout.trimEnd()}\n\n${command}\n`);
  process.stderr.write(`[${index + 1}/${names.length}] docs/benchmarks/${name}.md, ${seconds(sinceMs)}\n`);
}
process.stderr.write(`${names.length} of ${BENCHMARKS.length} reports in ${seconds(startedMs)}.\n`);
