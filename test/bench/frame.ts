// Time and size of frames by size of the content and by security: npx tsx test/bench/frame.ts --corpus FILE
import { randomBytes } from "node:crypto";
import { FrameCodec, peekFrame, type SecurityMode } from "../../src/codec/index.js";
import { describeRun, formatMs, loadCorpus, table, timeInterleaved } from "./support.js";

const corpus = loadCorpus();
const key = randomBytes(32);
const SIZES = [1024, 4096, 65536];
const MODES: readonly SecurityMode[] = ["none", "hmac", "aead"];

/** The body of the corpus whose size is nearest. */
function bodyNear(sizeBytes: number): Buffer {
  const distance = ({ length }: Buffer): number => Math.abs(length - sizeBytes);
  return corpus.bodies
    .map(({ bytes }) => bytes)
    .reduce((best, bytes) => (distance(bytes) < distance(best) ? bytes : best));
}

const rows = SIZES.flatMap((size) => {
  const content = bodyNear(size);
  return MODES.map((security) => {
    const codec = new FrameCodec(security === "none" ? {} : { key, security });
    const text = codec.encodeText(content);
    const binary = codec.encodeBinary(content);
    const timings = timeInterleaved(
      [() => codec.encodeBinary(content), () => codec.decodeBinary(binary), () => peekFrame(binary)],
      size > 10_000 ? 300 : 3000,
    );
    const times = timings.flatMap(({ p50, p99 }) => [formatMs(p50), formatMs(p99)]);
    return [content.length, security, text.length, binary.length, ...times];
  });
});
console.log(`# Frames: time and size\n\n${describeRun(corpus)}\n`);
console.log("Times in ms, binary form, for the bodies of the corpus that are nearest to 1, 4 and 64 KB.\n");
const TIMES = ["compress p50", "p99", "decompress p50", "p99", "peek p50", "p99"];
console.log(table(["content bytes", "security", "text bytes", "binary bytes", ...TIMES], rows));
