// Bytes, ratio and time of every wire format, beside gzip and brotli: npx tsx test/bench/codec.ts --corpus FILE
import { brotliCompressSync, brotliDecompressSync, constants, gzipSync, gunzipSync } from "node:zlib";
import { ALGORITHMS, BROTLI_PREFIX, CodecEngine, type AlgorithmName } from "../../src/codec/index.js";
import { isJsonText } from "../../src/shared/json-text.js";
import { bucketOf, BUCKETS } from "./compression/buckets.js";
import {
  CHAT_REQUEST_1K,
  describeRun,
  formatMs,
  loadCorpus,
  quantile,
  table,
  timeInterleaved,
} from "./support.js";

const engine = new CodecEngine();
const corpus = loadCorpus();
const brotli = (content: Uint8Array, quality: number) =>
  brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });

console.log(`# Wire formats: bytes and time\n\n${describeRun(corpus)}\n`);

// One warm message.
const request = Buffer.from(CHAT_REQUEST_1K);
const formats: { name: string; algorithm: AlgorithmName; binary: boolean }[] = [];
for (const { name, binary } of ALGORITHMS) {
  formats.push({ name, algorithm: name, binary: false });
  if (binary && name !== "none") formats.push({ name: `${name}, binary`, algorithm: name, binary: true });
}
const wires = formats.map((format) => engine.compress(request, format).data);
const jobs = formats.flatMap((format, index) => [
  () => engine.compress(request, format),
  () => engine.decompress(wires[index]),
]);
const gzip = gzipSync(request, { level: 9 });
const raw5 = brotli(request, 5);
jobs.push(
  () => engine.compress(request),
  () => gzipSync(request, { level: 9 }) as never,
  () => gunzipSync(gzip) as never,
  () => brotli(request, 5) as never,
  () => brotliDecompressSync(raw5) as never,
);
const timings = timeInterleaved(jobs, 4000);
const latency = formats.map(({ name }, index) => {
  const [compress, decompress] = [timings[2 * index], timings[2 * index + 1]];
  const size = typeof wires[index] === "string" ? Buffer.byteLength(wires[index]) : wires[index].length;
  return [name, size, ...[compress.p50, compress.p99, decompress.p50, decompress.p99].map(formatMs)];
});
const tail = timings.slice(2 * formats.length);
latency.push([
  "auto (published)",
  engine.compress(request).compressedBytes,
  formatMs(tail[0].p50),
  formatMs(tail[0].p99),
  "",
  "",
]);
latency.push([
  "gzip 9, raw",
  gzip.length,
  ...[tail[1].p50, tail[1].p99, tail[2].p50, tail[2].p99].map(formatMs),
]);
latency.push([
  "brotli 5, raw",
  raw5.length,
  ...[tail[3].p50, tail[3].p99, tail[4].p50, tail[4].p99].map(formatMs),
]);
console.log(`## One chat request of ${request.length} bytes, warm, one core\n`);
console.log(table(["format", "bytes", "compress p50 ms", "p99", "decompress p50 ms", "p99"], latency));

// The default quality.
const near4k = corpus.bodies.filter(({ bytes }) => bytes.length > 3500 && bytes.length < 4700).slice(0, 60);
const qualities = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const qualityRows = qualities.map((quality) => {
  const times: number[] = [];
  for (let round = 0; round < (quality > 8 ? 3 : 12); round++) {
    for (const { bytes } of near4k) {
      const start = performance.now();
      engine.compress(bytes, { algorithm: "brotli", quality });
      times.push(performance.now() - start);
    }
  }
  const size = near4k.reduce((sum, { bytes }) => sum + brotli(bytes, quality).length, 0);
  const total = near4k.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return [
    quality,
    (size / total).toFixed(3),
    formatMs(quantile(times, 0.5)),
    formatMs(quantile(times, 0.99)),
  ];
});
console.log(`\n## Brotli quality: ${near4k.length} messages of 3.5 to 4.7 KB\n`);
console.log(table(["quality", "ratio before base64", "compress p50 ms", "p99"], qualityRows));

// The corpus by size.
const counts = BUCKETS.map(() => 0);
const originals = BUCKETS.map(() => 0);
for (const { bytes } of corpus.bodies) {
  counts[bucketOf(bytes.length)]++;
  originals[bucketOf(bytes.length)] += bytes.length;
}
const METHODS: readonly (readonly [string, (content: Buffer, text: string) => number])[] = [
  ...formats
    .filter(({ algorithm }) => algorithm !== "none")
    .map(({ name, algorithm, binary }) => {
      const measure = (content: Buffer, text: string): number =>
        algorithm === "token" && !isJsonText(text)
          ? content.length
          : engine.compress(content, { algorithm, binary }).compressedBytes;
      return [name, measure] as const;
    }),
  ["auto (published)", (content) => engine.compress(content).compressedBytes],
  ["auto (smallest)", (content) => engine.compress(content, { policy: "smallest" }).compressedBytes],
  [
    "brotli at quality 11",
    (content) => engine.compress(content, { algorithm: "brotli", quality: 11 }).compressedBytes,
  ],
  ["gzip 9, raw", (content) => gzipSync(content, { level: 9 }).length],
  ["brotli 5, raw", (content) => brotli(content, 5).length],
  ["brotli 11, raw", (content) => brotli(content, 11).length],
];
const corpusRows = METHODS.map(([name, measure]) => {
  const sizes = BUCKETS.map(() => 0);
  for (const { bytes, text } of corpus.bodies) sizes[bucketOf(bytes.length)] += measure(bytes, text);
  const total = sizes.reduce((sum, size) => sum + size, 0) / originals.reduce((sum, size) => sum + size, 0);
  return [name, ...sizes.map((size, index) => (size / originals[index]).toFixed(3)), total.toFixed(3)];
});
console.log("\n## The corpus: wire bytes / original bytes, by size of the message (smaller is better)\n");
console.log(
  `\`token\` counts bodies that are no JSON as they are. Text wires unless it says binary or raw.\n`,
);
console.log(
  table(["format", ...BUCKETS.map(({ name }, index) => `${name} (${counts[index]})`), "all"], corpusRows),
);
console.log(`\nPrefix of a brotli wire: \`${BROTLI_PREFIX}\`; base64 makes any binary 1.334 times as long.`);
