/**
 * Prints the time and the size of frames as Markdown: `node --import tsx test/bench/frame.ts`. Nothing else should run.
 */
import { randomBytes } from "node:crypto";
import { FrameCodec, peekFrame, type FrameOptions } from "../../src/codec/frame/index.js";

const KEY = randomBytes(32);
const MODES: [string, FrameOptions][] = [
  ["none", {}],
  ["hmac", { key: KEY, security: "hmac" }],
  ["aead", { key: KEY, security: "aead" }],
];

/** A chat request of about `sizeBytes`, of words with the spread of prose. */
function chatRequest(sizeBytes: number): Uint8Array {
  const words =
    "the of request model token stream latency budget agent tool result session cost protocol review".split(
      " ",
    );
  let seed = 7;
  let text = "";
  while (text.length < sizeBytes - 140) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    text += `${words[seed % words.length]}${seed % 7 === 0 ? seed % 1000 : ""} `;
  }
  const messages = [
    { role: "system", content: "You are a careful assistant." },
    { role: "user", content: text },
  ];
  return new TextEncoder().encode(
    JSON.stringify({ model: "gpt-4o", messages, temperature: 0.2, max_tokens: 500 }),
  );
}

/** Median and 99th percentile of one call, in milliseconds. */
function measure(run: () => unknown, rounds: number): [p50: number, p99: number] {
  for (let i = 0; i < rounds / 4; i++) run();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    run();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return [times[rounds >> 1], times[Math.floor(rounds * 0.99)]];
}

const show = ([p50, p99]: [number, number]) => `${p50.toFixed(3)} / ${p99.toFixed(3)}`;

console.log(
  `Frame codec, Node ${process.version}, ${process.platform} ${process.arch}. Times are p50 / p99 in ms.\n`,
);
console.log("| content bytes | security | text bytes | binary bytes | compress | decompress | peek (text) |");
console.log("|---:|---|---:|---:|---:|---:|---:|");
for (const [sizeBytes, rounds] of [
  [1024, 4000],
  [4096, 2000],
  [65536, 300],
]) {
  const content = chatRequest(sizeBytes);
  for (const [name, options] of MODES) {
    const codec = new FrameCodec(options);
    const text = codec.encodeText(content);
    const binary = codec.encodeBinary(content);
    const encode = measure(() => codec.encodeText(content), rounds);
    const decode = measure(() => codec.decodeText(text), rounds);
    const peek = measure(() => peekFrame(text), rounds);
    console.log(
      `| ${content.length} | ${name} | ${text.length} | ${binary.length} | ${show(encode)} | ${show(decode)} | ${show(peek)} |`,
    );
  }
}
