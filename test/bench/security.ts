// The scanner: latency, throughput, start, memory, hostile texts: npx tsx test/bench/security.ts --corpus FILE [--model DIR]
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { HydraModel } from "../../src/security/hydra/index.js";
import { DETECTORS, SecurityScanner, type Detector } from "../../src/security/index.js";
import { SHIPPING_SHAPE, writeModelFolder } from "../security/hydra/random-model.js";
import { HOSTILE_MESSAGES, LARGE_MESSAGES, SMALL_MESSAGES, type BenchMessage } from "./security-messages.js";
import { describeRun, fail, formatMs, loadCorpus, quantile, table } from "./support.js";

const SMALL_ROUNDS = 1000;
const LARGE_ROUNDS = 60;
const HOSTILE_ROUNDS = 5;
const START_ROUNDS = 9;
const CHILD_MESSAGES = 200;
const CORPUS_BYTES = 16e6;

const { values } = parseArgs({ options: { corpus: { type: "string" }, model: { type: "string" } } });
const corpus = loadCorpus();
const built = new URL("../../dist/security/index.js", import.meta.url);
if (!existsSync(built)) fail("The memory is that of what is built: npm run build.");
const shipped = values.model ?? fileURLToPath(new URL("../../models/hydra", import.meta.url));
const random = existsSync(join(shipped, "model.safetensors"))
  ? undefined
  : writeModelFolder(SHIPPING_SHAPE, 1);
const folder = random?.folder ?? shipped;
const model = await HydraModel.load(folder);
const scanners = DETECTORS.map((detector) => new SecurityScanner({ detector, model }));

/** Processor time of this process so far, all threads, in ms. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

interface Cost {
  readonly wall: number[];
  /** Mean processor time, ms. */
  readonly cpu: number;
}

/** What each scanner costs for `text`, the scanners in turn. */
async function timeScans(text: string, rounds: number): Promise<Cost[]> {
  const walls = scanners.map(() => [] as number[]);
  const cpus = scanners.map(() => 0);
  for (let round = -Math.ceil(rounds / 4); round < rounds; round++) {
    for (const [index, scanner] of scanners.entries()) {
      const [startCpuMs, startMs] = [cpuMs(), performance.now()];
      await scanner.scan(text);
      const [timeMs, usedMs] = [performance.now() - startMs, cpuMs() - startCpuMs];
      if (round < 0) continue;
      walls[index].push(timeMs);
      cpus[index] += usedMs;
    }
  }
  return walls.map((wall, index) => ({ wall, cpu: cpus[index] / rounds }));
}

async function latencyRows(messages: readonly BenchMessage[], rounds: number): Promise<string[][]> {
  const found: string[][] = [];
  for (const { name, text } of messages) {
    const costs = await timeScans(text, rounds);
    const cells = costs.flatMap(({ wall, cpu }) => [quantile(wall, 0.5), quantile(wall, 0.99), cpu]);
    found.push([name, String(Buffer.byteLength(text)), ...cells.map(formatMs)]);
  }
  return found;
}

/** MB/s by the clock and by processor time, over the corpus. */
async function throughputRow(detector: Detector): Promise<string[]> {
  const scanner = scanners[DETECTORS.indexOf(detector)];
  let bytes = 0;
  const [startCpuMs, startMs] = [cpuMs(), performance.now()];
  for (const body of corpus.bodies) {
    if (bytes >= CORPUS_BYTES) break;
    await scanner.scan(body.text);
    bytes += body.bytes.length;
  }
  const rates = [performance.now() - startMs, cpuMs() - startCpuMs].map((ms) => bytes / 1000 / ms);
  return [detector, (bytes / 1e6).toFixed(1), ...rates.map((rate) => rate.toFixed(2))];
}

async function hostileRow({ name, text }: BenchMessage): Promise<string[]> {
  const scanner = scanners[DETECTORS.indexOf("rules")];
  const walls: number[] = [];
  const cpus: number[] = [];
  for (let round = 0; round < HOSTILE_ROUNDS; round++) {
    const [startCpuMs, startMs] = [cpuMs(), performance.now()];
    await scanner.scan(text);
    walls.push(performance.now() - startMs);
    cpus.push(cpuMs() - startCpuMs);
  }
  return [name, ...[walls[0], quantile(walls, 0.5), quantile(cpus, 0.5)].map((ms) => ms.toFixed(0))];
}

/** What a process of its own says that scans `CHILD_MESSAGES` messages with what is built; `none` scans nothing. */
const CHILD = `
const [detector, url, folder, count, messages] = process.argv.slice(1);
const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
const steps = [];
const step = async (run) => { const [c, t] = [cpu(), performance.now()]; const value = await run();
  steps.push(performance.now() - t, cpu() - c); return value; };
if (detector !== "none") {
  const { HydraModel, SecurityScanner } = await step(() => import(url));
  const model = await step(() => (detector === "rules" ? undefined : HydraModel.load(folder)));
  const scanner = new SecurityScanner({ detector, model });
  await step(() => scanner.scan("Good morning"));
  const texts = JSON.parse(messages);
  for (let i = 0; i < Number(count); i++) await scanner.scan(texts[i % texts.length]);
}
const peak = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ steps, rss: process.memoryUsage.rss(), peak }));
`;

interface ChildReport {
  /** Wall and processor time, ms: of the import, of the weights, of the first scan. */
  steps: number[];
  rss: number;
  peak: number;
}

function runChild(detector: Detector | "none"): ChildReport {
  const messages = [...SMALL_MESSAGES, ...LARGE_MESSAGES.slice(0, 1)].map(({ text }) => text);
  const script = ["--input-type=module", "--eval", CHILD, "--"];
  const args = [...script, detector, built.href, folder, String(CHILD_MESSAGES), JSON.stringify(messages)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`The process that scans exits ${String(status)}: ${stderr}`);
  return JSON.parse(stdout) as ChildReport;
}

const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);
const children = [...DETECTORS, "none"] as const;
const reports = new Map(children.map((name) => [name, [] as ChildReport[]]));
for (let round = 0; round < START_ROUNDS; round++)
  for (const [name, found] of reports) found.push(runChild(name));
const bare = reports.get("none")!;
const startRows = DETECTORS.map((detector) => {
  const found = reports.get(detector)!;
  const steps = found[0].steps.map((_, index) =>
    formatMs(median(found.map((report) => report.steps[index]))),
  );
  const above = (key: "rss" | "peak") =>
    (median(found.map((one) => one[key])) - median(bare.map((one) => one[key]))) / 1e6;
  return [detector, ...steps, above("rss").toFixed(1), above("peak").toFixed(1)];
});

const header = ["message", "bytes", ...DETECTORS.flatMap((name) => [`${name} p50`, "p99", "CPU"])];
const small = table(header, await latencyRows(SMALL_MESSAGES, SMALL_ROUNDS));
const large = table(header, await latencyRows(LARGE_MESSAGES, LARGE_ROUNDS));
const rates: string[][] = [];
for (const detector of DETECTORS) rates.push(await throughputRow(detector));
const hostile: string[][] = [];
for (const message of HOSTILE_MESSAGES) hostile.push(await hostileRow(message));
random?.remove();

console.log(`# The scanner

${describeRun(corpus)}
- weights: ${random ? "random, of the shape that ships" : "those of the package"}, engine ${model.engine}
- Times in ms. CPU is the processor time of all threads of the process, which on a busy machine says more than the clock.

## Latency, warm

${small}

${large}

## Throughput over the corpus

${table(["detector", "MB", "MB/s", "MB/s of processor time"], rates)}

## A process that scans

Median of ${START_ROUNDS} processes that import what is built and scan ${CHILD_MESSAGES} messages, of 1 KB and each fourth of
100 KB. Memory is above that of a process that does nothing, whose median is ${(median(bare.map(({ rss }) => rss)) / 1e6).toFixed(1)} MB.

${table(
  ["detector", "import", "CPU", "weights", "CPU", "first scan", "CPU", "memory MB", "peak MB"],
  startRows,
)}

## Hostile texts of 1 MiB, rules

${table(["text", "first", "median", "CPU"], hostile)}`);
