// Fuzzes every decoder: npm run fuzz -- [--cases 100000] [--seed 1] [--only NAME]
import { parseArgs } from "node:util";
import { createTargets, fuzz } from "./targets.js";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
  },
});

console.log("| target | cases | accepted | slowest ms | memory MiB |\n|---|---:|---:|---:|---:|");
for (const target of createTargets().filter(({ name }) => name.includes(values.only))) {
  const report = await fuzz(target, Number(values.cases), Number(values.seed));
  const { cases, accepted, slowestMs, memoryBytes } = report;
  const memory = Math.round(memoryBytes / 2 ** 20);
  console.log(`| ${target.name} | ${cases} | ${accepted} | ${slowestMs.toFixed(1)} | ${memory} |`);
}
