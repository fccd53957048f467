// Hydra: load, latency and throughput of both engines: npx tsx test/bench/hydra.ts --corpus FILE [--model DIR] [--device NAME]
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { HydraModel, type HydraDevice, type HydraLoadOptions } from "../../src/security/index.js";
import { SHIPPING_SHAPE, writeModelFolder } from "../security/hydra/random-model.js";
import { describeRun, formatMs, loadCorpus, quantile, table } from "./support.js";

const { values } = parseArgs({
  options: { corpus: { type: "string" }, model: { type: "string" }, device: { type: "string" } },
});
const corpus = loadCorpus();
const shipped = values.model ?? fileURLToPath(new URL("../../models/hydra", import.meta.url));
const random = existsSync(join(shipped, "model.safetensors"))
  ? undefined
  : writeModelFolder(SHIPPING_SHAPE, 1);
const folder = random?.folder ?? shipped;
const LOADS = 15;
const BATCHES = [1, 32, 1024];

/** Consecutive parts of the corpus of about `units` characters, again from the start when it is used up. */
function partsOf(units: number, count: number): string[] {
  const whole = corpus.bodies.map(({ text }) => text).join("\n");
  return Array.from({ length: count }, (_, index) => {
    const start = (index * units) % Math.max(1, whole.length - units);
    return whole.slice(start, start + units).toWellFormed();
  });
}

/** Milliseconds of `rounds` calls of `job` after a warm-up. */
async function timeCalls(job: (round: number) => Promise<unknown>, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = -Math.ceil(rounds / 3); round < rounds; round++) {
    const startMs = performance.now();
    await job(Math.abs(round));
    if (round >= 0) times.push(performance.now() - startMs);
  }
  return times;
}

const small = partsOf(1024, 1024);
const large = partsOf(102_400, 8);

async function measure(options: HydraLoadOptions) {
  const loads: number[] = [];
  for (let i = 0; i < LOADS; i++) {
    const startMs = performance.now();
    const loaded = await HydraModel.load(folder, options);
    loads.push(performance.now() - startMs);
    await loaded.close();
  }
  const model = await HydraModel.load(folder, options);
  const one = await timeCalls((round) => model.predict(small[round % small.length]), 2000);
  const long = await timeCalls((round) => model.predict(large[round % large.length]), 60);
  const batches: number[] = [];
  for (const size of BATCHES) {
    const rounds = Math.max(5, Math.ceil(1000 / size));
    const texts = (round: number) =>
      Array.from({ length: size }, (_, i) => small[(round * size + i) % small.length]);
    const times = await timeCalls((round) => model.predictBatch(texts(round)), rounds);
    batches.push((size * 1000) / quantile(times, 0.5));
  }
  const name = `${model.engine}, ${model.device}`;
  const notes = model.notes;
  await model.close();
  const latencies = [one, long].flatMap((times) => [quantile(times, 0.5), quantile(times, 0.99)]);
  const figures = [loads[0], quantile(loads, 0.5), ...latencies].map(formatMs);
  return { notes, row: [name, ...figures, ...batches.map((rate) => rate.toFixed(0))] };
}

const runs = [await measure({ engine: "native" }), await measure({ engine: "onnx", device: "cpu" })];
if (values.device) runs.push(await measure({ engine: "onnx", device: values.device as HydraDevice }));
random?.remove();

console.log(`# Hydra

${describeRun(corpus)}
- weights: ${random ? "random, of the shape that ships" : "those of the package"}
- Times in ms for parts of the corpus of 1,024 and 102,400 characters; texts a second for batches of parts of 1,024. First load:
  of the process, nothing compiled yet; load: median of ${LOADS}. With \`--device cuda\` there is a row for that device.
${runs.flatMap(({ notes }) => notes.map((note) => `- ${note}`)).join("\n")}

${table(
  [
    "engine",
    "first load",
    "load",
    "1 KB p50",
    "p99",
    "100 KB p50",
    "p99",
    ...BATCHES.map((size) => `texts/s, batch ${size}`),
  ],
  runs.map(({ row }) => row),
)}`);
