// Every algorithm over every body of a corpus: what comes back is what went in.
// npx tsx test/bench/roundtrip.ts --corpus FILE; exits 1 on a difference.
import { ALGORITHMS, CodecEngine } from "../../src/codec/index.js";
import { isJsonText, minifyJsonText } from "../../src/shared/json-text.js";
import { describeRun, loadCorpus, table } from "./support.js";

const corpus = loadCorpus();
const engine = new CodecEngine();
const rows: (string | number)[][] = [];
let differing = 0;

for (const { name, lossless, carries, binary } of ALGORITHMS) {
  for (const form of binary ? [false, true] : [false]) {
    let count = 0;
    let wireBytes = 0;
    let bodyBytes = 0;
    let wrong = 0;
    for (const { text, bytes } of corpus.bodies) {
      if (carries === "json" && !isJsonText(text)) continue;
      const { data, compressedBytes } = engine.compress(bytes, { algorithm: name, binary: form });
      const expected = lossless === "bytes" ? bytes : Buffer.from(minifyJsonText(text));
      if (Buffer.compare(engine.decompress(data).bytes, expected) !== 0) wrong++;
      count++;
      wireBytes += compressedBytes;
      bodyBytes += bytes.length;
    }
    differing += wrong;
    rows.push([form ? `${name}, binary` : name, count, (wireBytes / bodyBytes).toFixed(3), wrong]);
  }
}
console.log(`# Round trips\n\n${describeRun(corpus)}\n`);
console.log(table(["format", "bodies", "wire / original bytes", "differ"], rows));
process.exitCode = differing > 0 ? 1 : 0;
