/**
 * Time and size of T1. Prints Markdown.
 *   npx tsx test/bench/t1.ts [--corpus FILE.jsonl.gz]
 * The corpus is gzip, one JSON object a line with the text in `body`; bodies that are no JSON are left out.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { TokenCodec } from "../../src/codec/t1/index.js";
import { isJsonText, minifyJsonText } from "../../src/shared/json-text.js";

const ROUNDS = 20_000;
const WARM_UP = 5_000;

const { values } = parseArgs({
  options: { corpus: { type: "string", default: "../shared/data/traffic/dev.jsonl.gz" } },
});
const packed = readFileSync(values.corpus);
const bodies = gunzipSync(packed)
  .toString("utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => (JSON.parse(line) as { body: string }).body)
  .filter((body) => isJsonText(body));

const codec = new TokenCodec();
const encoder = new TextEncoder();
// Keeps results alive, so that no work is optimized away.
let sink = 0;

const request = encoder.encode(chatRequest());
const wire = codec.encodeText(request);
const encodeMs = percentiles(() => (sink += codec.encodeText(request).length));
const decodeMs = percentiles(() => (sink += codec.decodeText(wire).length));

const contents = bodies.map((body) => encoder.encode(body));
const wires = contents.map((content) => codec.encodeText(content));
const contentBytes = sum(contents.map((content) => content.length));
const minifiedBytes = sum(bodies.map((body) => encoder.encode(minifyJsonText(body)).length));
const wireBytes = sum(wires.map((text) => encoder.encode(text).length));
const big = encoder.encode(`{"messages":[${bodies.join(",")}]}`);
const bigWire = codec.encodeText(big);

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}, one thread.`);
console.log(`Corpus: ${bodies.length} JSON bodies, sha256 ${sha256(packed)} (compressed file).\n`);
console.log(`| a chat request of ${request.length} bytes | p50 ms | p99 ms |`);
console.log("|---|---:|---:|");
console.log(`| T1 compress | ${encodeMs.p50} | ${encodeMs.p99} |`);
console.log(`| T1 decompress | ${decodeMs.p50} | ${decodeMs.p99} |\n`);
console.log("| corpus | MB/s |");
console.log("|---|---:|");
console.log(`| T1 compress, body by body | ${rate(contentBytes, () => contents.map(encode))} |`);
console.log(`| T1 decompress, body by body | ${rate(contentBytes, () => wires.map(decode))} |`);
console.log(`| T1 compress, one text of ${big.length} bytes | ${rate(big.length, () => encode(big))} |`);
console.log(`| T1 decompress, the same | ${rate(big.length, () => decode(bigWire))} |\n`);
console.log("| corpus | bytes | ratio |");
console.log("|---|---:|---:|");
for (const [name, bytes] of [
  ["as recorded", contentBytes],
  ["minified", minifiedBytes],
  ["T1, prefix included", wireBytes],
] as const) {
  console.log(`| ${name} | ${bytes} | ${(bytes / contentBytes).toFixed(4)} |`);
}
if (sink === 0) throw new Error("nothing was measured");

function encode(content: Uint8Array): void {
  sink += codec.encodeText(content).length;
}

function decode(text: string): void {
  sink += codec.decodeText(text).length;
}

/** Milliseconds of one call. */
function percentiles(call: () => void): { p50: string; p99: string } {
  for (let i = 0; i < WARM_UP; i++) call();
  const times = new Float64Array(ROUNDS);
  for (let i = 0; i < ROUNDS; i++) {
    const begin = performance.now();
    call();
    times[i] = performance.now() - begin;
  }
  times.sort();
  return { p50: times[ROUNDS / 2].toFixed(4), p99: times[Math.floor(ROUNDS * 0.99)].toFixed(4) };
}

/** Megabytes (10^6) a second, the best of five runs behind one that warms up. */
function rate(bytes: number, run: () => void): string {
  run();
  let best = 0;
  for (let i = 0; i < 5; i++) {
    const begin = performance.now();
    run();
    best = Math.max(best, bytes / 1000 / (performance.now() - begin));
  }
  return best.toFixed(0);
}

function chatRequest(): string {
  const turns = [
    "Which ports does the harbour office list?",
    "Three: the quay, the dry dock and the fuel pier.",
  ];
  const messages = [{ role: "system", content: "You answer in one sentence and name your source." }];
  while (JSON.stringify(messages).length < 850) {
    messages.push({
      role: messages.length % 2 ? "user" : "assistant",
      content: turns[(messages.length + 1) % 2],
    });
  }
  return JSON.stringify({
    model: "gpt-4o",
    messages,
    temperature: 0.2,
    max_tokens: 256,
    stream: true,
    user: "u-17",
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
