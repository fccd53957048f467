// Tokenizers: load, speed, latency, memory and exactness, beside the packages of the registry.
//   npm run build && npx tsx test/bench/tokenizer.ts --corpus FILE [--quick]
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { CHAT_REQUEST_1K, describeRun, loadCorpus, quantile, table } from "./support.js";
import type { ContestReport } from "./tokenizer-contest.js";

const corpus = loadCorpus();
const quick = process.argv.includes("--quick");
const LIBRARIES = ["m2m", "tiktoken", "gpt-tokenizer", "js-tiktoken"] as const;
interface LoadReport {
  importMs: number;
  loadMs: number;
  rssMB: number;
}

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
// Where NODE_EXTRA_CA_CERTS is set, reading it is most of a start.
const { NODE_EXTRA_CA_CERTS: _unset, ...env } = process.env;

function runNode(...args: string[]): unknown {
  const output = execFileSync(process.execPath, ["--expose-gc", ...args], {
    encoding: "utf8",
    env,
    maxBuffer: 2 ** 26,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(output);
}

/** One library in processes of its own: its memory and its load are not mixed with another's. */
function run(library: string, encoding: string): ContestReport & LoadReport {
  const load = runNode(pathOf("tokenizer-libraries.mjs"), library, encoding) as LoadReport;
  const contest = pathOf("tokenizer-contest.ts");
  const report = runNode("--import", "tsx", contest, library, encoding, corpus.file) as ContestReport;
  return { ...report, ...load };
}

const median = (values: number[]) => quantile(values, 0.5);
const reports: { library: string; encoding: string; report: ContestReport & LoadReport; spread: string }[] =
  [];
for (const encoding of ["cl100k_base", "o200k_base", "llama"]) {
  for (const library of LIBRARIES) {
    if (encoding === "llama" && library !== "m2m") continue;
    // Quick, or a slow library: once.
    const runs = quick || library === "js-tiktoken" ? 1 : 3;
    const all = Array.from({ length: runs }, () => run(library, encoding));
    const fresh = all.map(({ freshMBs }) => freshMBs);
    const report = { ...all[0] };
    for (const key of ["importMs", "loadMs", "rssMB", "freshMBs", "warmMBs", "p50Us", "p99Us"] as const) {
      report[key] = median(all.map((one) => one[key]));
    }
    const spread = runs === 1 ? "" : ` (${Math.min(...fresh).toFixed(1)}–${Math.max(...fresh).toFixed(1)})`;
    reports.push({ library, encoding, report, spread });
  }
}
const reference = new Map(
  reports
    .filter(({ library }) => library === "tiktoken")
    .map(({ encoding, report }) => [encoding, report.hashes]),
);

console.log(`# Tokenizers

${describeRun(corpus)}
- Payloads measured: ${reports[0].report.payloads}, ${reports[0].report.bytes} bytes: the corpus without embedding
  responses, bodies over 200 KB and long base64. Fresh: compiled on other text, then one pass over text it has not seen.
  Warm: passes after that, caches filled. Each library runs in a process of its own; medians of three processes
  (js-tiktoken: one), in brackets lowest and highest.
- Import: evaluating the modules, which for gpt-tokenizer and js-tiktoken parses their tables; m2m as ES modules, file by file
  (the command line is one bundle). Load + first call: from there to the first count.
- 1 KB request: the ${Buffer.byteLength(CHAT_REQUEST_1K)}-byte chat request of \`support.ts\`, counted repeatedly.
- Wrong: payloads whose ids differ from those of \`tiktoken\` (WebAssembly).

## Speed and memory

${table(
  [
    "encoding, library",
    "import ms",
    "load + first call ms",
    "RSS + MB",
    "fresh MB/s",
    "warm MB/s",
    "1 KB p50 µs",
    "p99 µs",
    "wrong",
  ],
  reports.map(({ library, encoding, report, spread }) => {
    const expected = reference.get(encoding);
    const wrong = expected ? report.hashes.filter((hash, i) => hash !== expected[i]).length : "–";
    return [
      `${encoding}, ${library}`,
      report.importMs.toFixed(1),
      report.loadMs.toFixed(1),
      report.rssMB.toFixed(0),
      report.freshMBs.toFixed(1) + spread,
      report.warmMBs.toFixed(1),
      report.p50Us.toFixed(1),
      report.p99Us.toFixed(1),
      library === "tiktoken" ? "reference" : wrong,
    ];
  }),
)}

## Long pieces

Milliseconds to count texts that the pre-tokenizers hardly split. Sizes are smaller for the others, which take
quadratic time or worse. Late merges: the slowest of 81 texts, each a token of Llama 3 that ranks below one of its parts,
repeated without blanks (the others: one of these texts).

${table(
  ["encoding, library", ...reports[0].report.pathological.map(({ name }) => name)],
  reports.map(({ library, encoding, report }) => [
    `${encoding}, ${library}`,
    ...report.pathological.map(({ sizeBytes, timeMs }) => `${timeMs.toFixed(0)} (${sizeBytes / 1000} KB)`),
  ]),
)}`);
