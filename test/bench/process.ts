// Whole-process start against `node -e 0`, and `tokens --lines` over 100 MB: npx tsx test/bench/process.ts --corpus FILE
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describeRun, loadCorpus, quantile, table } from "./support.js";

const BIN = fileURLToPath(new URL("../../bin/run.js", import.meta.url));
const ROUNDS = 25;
const STREAM_BYTES = 100_000_000;
const REQUEST =
  '{"model":"gpt-4o","messages":[{"role":"system","content":"You are a concise assistant."},' +
  '{"role":"user","content":"What is the boiling point of water at 2,000 m?"}]}';

// Node loads the certificates of NODE_EXTRA_CA_CERTS at every start, which triples the time of `node -e 0`.
const environment = { ...process.env };
delete environment.NODE_EXTRA_CA_CERTS;
// Prints the peak resident memory (KiB) on stderr when the process ends.
const PEAK = `process.on("exit",()=>process.stderr.write("peak "+process.resourceUsage().maxRSS+"\\n"))`;

const corpus = loadCorpus();
console.log(`# Whole processes\n\n${describeRun(corpus)}\n`);

const CASES: readonly (readonly [name: string, args: string[], input: string])[] = [
  ["m2m --version", [BIN, "--version"], ""],
  ["m2m compress -a token-native", [BIN, "compress", "-a", "token-native"], REQUEST],
  ["m2m compress -a brotli", [BIN, "compress", "-a", "brotli"], REQUEST],
  ["m2m decompress", [BIN, "decompress"], "#TK|C|9jE="],
  ["m2m tokens", [BIN, "tokens"], REQUEST],
  ["m2m --help", [BIN, "--help"], ""],
];
function runOnce(args: string[], input: string): { timeMs: number; stderr: string } {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { input, env: environment, encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")} exits ${status}: ${stderr}`);
  return { timeMs: performance.now() - start, stderr };
}
const base: number[] = [];
const times = CASES.map(() => [] as number[]);
const ratios = CASES.map(() => [] as number[]);
for (let round = 0; round < ROUNDS; round++) {
  const baseMs = runOnce(["-e", "0"], "").timeMs;
  base.push(baseMs);
  CASES.forEach(([, args, input], index) => {
    const { timeMs } = runOnce(args, input);
    times[index].push(timeMs);
    ratios[index].push(timeMs / baseMs);
  });
}
const preload = `data:text/javascript,${encodeURIComponent(PEAK)}`;
const rows = CASES.map(([name, args, input], index) => {
  const { stderr } = runOnce(["--import", preload, ...args], input);
  const peakMiB = Number(/peak (\d+)/u.exec(stderr)?.[1]) / 1024;
  return [
    name,
    quantile(times[index], 0.5).toFixed(1),
    quantile(ratios[index], 0.5).toFixed(2),
    peakMiB.toFixed(0),
  ];
});
console.log(`## Start: ${ROUNDS} rounds, in turn; NODE_EXTRA_CA_CERTS unset\n`);
console.log(
  table(
    ["command", "median ms", "times `node -e 0`", "peak MiB"],
    [["node -e 0", quantile(base, 0.5).toFixed(1), "1.00", ""], ...rows],
  ),
);

/** Feeds `STREAM_BYTES` of corpus lines to a child and follows its resident memory. */
async function stream(args: string[]): Promise<{ seconds: number; peakMiB: number }> {
  const lines = corpus.bodies.filter(({ text }) => !text.includes("\n"));
  const block = Buffer.from(lines.map(({ text }) => `${text}\n`).join(""));
  const child = spawn(process.execPath, ["--import", preload, ...args], { env: environment });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  child.stdout.resume();
  const start = performance.now();
  for (let sent = 0; sent < STREAM_BYTES; sent += block.length) {
    if (!child.stdin.write(block)) await new Promise((resolve) => child.stdin.once("drain", resolve));
  }
  child.stdin.end();
  const status = await new Promise((resolve) => child.once("close", resolve));
  if (status !== 0) throw new Error(`${args.join(" ")} exits ${String(status)}: ${stderr}`);
  return {
    seconds: (performance.now() - start) / 1000,
    peakMiB: Number(/peak (\d+)/u.exec(stderr)?.[1]) / 1024,
  };
}
const streams = [];
for (const args of [
  ["tokens", "--lines"],
  ["tokens", "--lines", "--encoding", "o200k"],
  ["compress", "--lines", "-a", "token-native"],
  ["compress", "--lines", "-a", "brotli"],
]) {
  const { seconds, peakMiB } = await stream([BIN, ...args]);
  streams.push([`m2m ${args.join(" ")}`, (STREAM_BYTES / 1e6 / seconds).toFixed(1), peakMiB.toFixed(0)]);
}
console.log(`\n## Lines: ${STREAM_BYTES / 1e6} MB of corpus bodies, one a line, through a pipe\n`);
console.log(table(["command", "MB/s", "peak MiB"], streams));
