// One library in one process; prints a ContestReport. Started by tokenizer.ts: LIBRARY ENCODING CORPUS
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { lateMerges, rankTableOf } from "../tokenizer/late-merges.js";
import { CHAT_REQUEST_1K, quantile } from "./support.js";

export interface ContestReport {
  payloads: number;
  bytes: number;
  freshMBs: number;
  warmMBs: number;
  p50Us: number;
  p99Us: number;
  pathological: { name: string; sizeBytes: number; timeMs: number }[];
  /** Of the ids of each payload. */
  hashes: string[];
}

type Library = (encoding: string) => Promise<{
  encode: (text: string) => ArrayLike<number>;
  count: (text: string) => number;
}>;

const [library, encoding, file] = process.argv.slice(2);
// Of type string: the module is plain JavaScript without declarations.
const LIBRARIES_MODULE: string = "./tokenizer-libraries.mjs";
const { LIBRARIES } = (await import(LIBRARIES_MODULE)) as {
  LIBRARIES: Record<string, Library>;
};
const { encode, count } = await LIBRARIES[library](encoding);

/** Letters that no word is made of, from a fixed linear congruential generator. */
function randomText(alphabet: string, length: number): string {
  let state = 1;
  let text = "";
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    text += alphabet[(state >>> 16) % alphabet.length];
  }
  return text;
}

const timeMs = (run: () => unknown) => {
  const start = performance.now();
  run();
  return performance.now() - start;
};

const bodies = gunzipIfNeeded(readFileSync(file))
  .toString("utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as { body: string; kind?: string });
const payloads = bodies
  .filter(
    ({ kind, body }) =>
      kind !== "embeddings.response" && body.length <= 200_000 && !/[\w+/]{4000}/.test(body),
  )
  .map(({ body }) => body);
const bytes = payloads.reduce((sum, body) => sum + Buffer.byteLength(body), 0);

function gunzipIfNeeded(stored: Buffer): Buffer {
  return stored[0] === 0x1f && stored[1] === 0x8b ? gunzipSync(stored) : stored;
}

// Compiling needs text, but not the text that is measured: the payloads with their letters moved along.
const other = payloads.map((body) =>
  body.replace(/[a-z]/g, (letter) => "bcdefghijklmnopqrstuvwxyza"[letter.charCodeAt(0) - 97]),
);
const warmUpUntil = performance.now() + 3000;
for (let i = 0; performance.now() < warmUpUntil; i++) encode(other[i % other.length]);
const freshMs = timeMs(() => payloads.forEach((body) => void encode(body)));
const passes = library === "m2m" ? 9 : 2;
const warmMs = Array.from({ length: passes }, () =>
  timeMs(() => payloads.forEach((body) => void encode(body))),
);
const hashes = payloads.map((body) =>
  createHash("sha256")
    .update(Uint32Array.from(encode(body)))
    .digest("base64")
    .slice(0, 12),
);

const latencies: number[] = [];
for (let i = 0; i < 3000; i++) {
  const took = timeMs(() => count(CHAT_REQUEST_1K));
  if (i >= 500) latencies.push(took * 1000);
}

const size = library === "m2m" ? 1_000_000 : library === "js-tiktoken" ? 2000 : 20_000;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const pathological = [
  { name: "one letter", text: "a".repeat(size) },
  { name: "blanks", text: " ".repeat(size) },
  { name: "random letters", text: randomText(LETTERS, size) },
  { name: "base64", text: randomText(`${LETTERS}${LETTERS.toUpperCase()}0123456789+/`, size) },
  { name: "equals signs", text: "=".repeat(size) },
].map(({ name, text }) => ({ name, sizeBytes: size, timeMs: timeMs(() => count(text)) }));
// Tokens of Llama 3 that rank below one of their parts, each repeated: the slowest. The others take one of them.
const late = lateMerges(rankTableOf("llama")).slice(0, library === "m2m" ? undefined : 1);
const lateMs = late.map((token) => {
  const text = Buffer.alloc(size - (size % token.length), token)
    .toString()
    .replaceAll(" ", "");
  return (timeMs(() => count(text)) / Buffer.byteLength(text)) * size;
});
pathological.push({ name: "late merges", sizeBytes: size, timeMs: Math.max(...lateMs) });

const report: ContestReport = {
  payloads: payloads.length,
  bytes,
  freshMBs: bytes / 1e3 / freshMs,
  warmMBs: bytes / 1e3 / quantile(warmMs, 0.5),
  p50Us: quantile(latencies, 0.5),
  p99Us: quantile(latencies, 0.99),
  pathological,
  hashes,
};
console.log(JSON.stringify(report));
