// Runs the benchmarks and writes docs/benchmarks/: npm run bench -- [NAME…] [--corpus FILE]
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const BENCHMARKS = ["tokenizer", "codec", "t1", "frame", "billed-tokens", "roundtrip", "process"];
const args = process.argv.slice(2);
const corpusAt = args.indexOf("--corpus");
const corpus = corpusAt === -1 ? [] : args.splice(corpusAt, 2);
const root = new URL("../../", import.meta.url);

for (const name of args.length > 0 ? args : BENCHMARKS) {
  const script = fileURLToPath(new URL(`test/bench/${name}.ts`, root));
  const report = execFileSync(process.execPath, ["--expose-gc", "--import", "tsx", script, ...corpus], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const command = `Printed by \`npm run bench -- ${name}\`; not edited by hand.`;
  writeFileSync(new URL(`docs/benchmarks/${name}.md`, root), `${report.trimEnd()}\n\n${command}\n`);
  console.log(`docs/benchmarks/${name}.md`);
}
