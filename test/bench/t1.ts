// Throughput and size of T1 over the JSON bodies of a corpus: npx tsx test/bench/t1.ts --corpus FILE
import { TokenCodec } from "../../src/codec/index.js";
import { isJsonText, minifyJsonText } from "../../src/shared/json-text.js";
import { describeRun, loadCorpus, table, timeInterleaved } from "./support.js";

const corpus = loadCorpus();
const codec = new TokenCodec();
const bodies = corpus.bodies.filter(({ text }) => isJsonText(text));
const contents = bodies.map(({ bytes }) => bytes);
const wires = contents.map((content) => codec.encodeText(content));
const one = Buffer.from(`[${bodies.map(({ text }) => text).join(",")}]`);
const oneWire = codec.encodeText(one);
const total = (sizes: number[]): number => sizes.reduce((sum, size) => sum + size, 0);
const contentBytes = total(contents.map(({ length }) => length));

const JOBS: readonly (readonly [name: string, bytes: number, job: () => unknown])[] = [
  ["compress, body by body", contentBytes, () => contents.map((content) => codec.encodeText(content).length)],
  ["decompress, body by body", contentBytes, () => wires.map((wire) => codec.decodeText(wire).length)],
  ["compress, one text", one.length, () => codec.encodeText(one)],
  ["decompress, one text", one.length, () => codec.decodeText(oneWire)],
];
const timings = timeInterleaved(
  JOBS.map(([, , job]) => job),
  20,
);
console.log(`# T1: throughput and size\n\n${describeRun(corpus)}\n`);
console.log(`${bodies.length} JSON bodies, ${contentBytes} bytes; the one text holds all of them.\n`);
const speeds = JOBS.map(([name, bytes], index) => [name, (bytes / 1000 / timings[index].p50).toFixed(0)]);
console.log(table(["work", "MB/s (median)"], speeds));
const minified = total(bodies.map(({ text }) => Buffer.byteLength(minifyJsonText(text))));
const t1 = total(wires.map((wire) => Buffer.byteLength(wire)));
console.log(
  `\n${table(
    ["form", "bytes", "ratio"],
    [
      ["as recorded", contentBytes, "1.000"],
      ["minified", minified, (minified / contentBytes).toFixed(3)],
      ["T1", t1, (t1 / contentBytes).toFixed(3)],
    ],
  )}`,
);
