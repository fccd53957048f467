/**
 * Reads JSONL of texts (`{text}`) from stdin and writes, one line a text, which label of the compression head it has:
 * the algorithm whose wire has the fewest bytes.
 *
 *   node --import tsx models/training/sizes.ts < bodies.jsonl > labels.txt
 */
import { createInterface } from "node:readline";
import { CodecEngine } from "../../src/codec/index.js";
import { HYDRA_ALGORITHMS } from "../../src/security/compression.js";

const engine = new CodecEngine();
for await (const line of createInterface({ input: process.stdin })) {
  const { text } = JSON.parse(line) as { text: string };
  let best = "NONE";
  let bytes = Infinity;
  for (const [label, algorithm] of Object.entries(HYDRA_ALGORITHMS)) {
    try {
      const { compressedBytes } = engine.compress(text, { algorithm });
      if (compressedBytes < bytes) [best, bytes] = [label, compressedBytes];
    } catch {
      // The algorithm does not carry this content.
    }
  }
  process.stdout.write(`${best}\n`);
}
