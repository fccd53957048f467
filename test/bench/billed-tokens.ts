// Tokens a model would bill for each form of a JSON body: npx tsx test/bench/billed-tokens.ts --corpus FILE
import { gzipSync } from "node:zlib";
import { CodecEngine } from "../../src/codec/index.js";
import { isJsonText, minifyJsonText } from "../../src/shared/json-text.js";
import { TokenizerCache } from "../../src/tokenizer/index.js";
import { describeRun, loadCorpus, table } from "./support.js";

const corpus = loadCorpus();
const engine = new CodecEngine();
const tokenizers = new TokenizerCache();
const FORMS: readonly (readonly [string, (text: string) => string])[] = [
  ["original", (text) => text],
  ["minified", (text) => minifyJsonText(text)],
  ["T1 (`token`)", (text) => engine.compress(text, { algorithm: "token" }).data as string],
  ["`token-native` text", (text) => engine.compress(text, { algorithm: "token-native" }).data as string],
  [
    "`brotli` text, quality 11",
    (text) => engine.compress(text, { algorithm: "brotli", quality: 11 }).data as string,
  ],
  ["`m2m` text", (text) => engine.compress(text, { algorithm: "m2m" }).data as string],
  ["gzip 9 + base64", (text) => gzipSync(text, { level: 9 }).toString("base64")],
];
const bodies = corpus.bodies.filter(({ text }) => isJsonText(text));
const percent = (value: number, base: number) => {
  const change = (value / base - 1) * 100;
  return `${change > 0 ? "+" : ""}${change.toFixed(1)} %`;
};

console.log(`# What a model would bill\n\n${describeRun(corpus)}\n`);
console.log(
  "A wire is for the link between two programs that speak M2M; a model bills what is put into its prompt. This table says " +
    `what each form would cost if it were put there: ${bodies.length} JSON bodies of the corpus.\n`,
);
const rows: (string | number)[][] = [];
let base: { cl100k: number; o200k: number; bytes: number } | undefined;
for (const [name, form] of FORMS) {
  const sum = { cl100k: 0, o200k: 0, bytes: 0 };
  for (const { text } of bodies) {
    const wire = form(text);
    sum.cl100k += tokenizers.get("cl100k_base").count(wire);
    sum.o200k += tokenizers.get("o200k_base").count(wire);
    sum.bytes += Buffer.byteLength(wire);
  }
  base ??= sum;
  rows.push([
    name,
    sum.cl100k,
    percent(sum.cl100k, base.cl100k),
    sum.o200k,
    percent(sum.o200k, base.o200k),
    percent(sum.bytes, base.bytes),
  ]);
}
console.log(
  table(["form", "cl100k tokens", "vs original", "o200k tokens", "vs original", "bytes vs original"], rows),
);
console.log(`
The protocol's published claims beside it:

| claim | measured here |
|---|---|
| T1 is "10 % cheaper" in tokens and saves 10 to 20 % of the bytes | ${rows[2][2]} tokens (cl100k), of which ${rows[1][2]} come from removing whitespace; ${rows[2][5]} bytes |
| token-native saves 30 to 35 % of the bytes on the wire | ${rows[3][5]} |
| brotli saves 60 to 80 % of large content | ${rows[4][5]} over all sizes; by size in [codec.md](codec.md) |
| base64 of a compressed body costs about 33 % more tokens | ${rows[6][2]} (gzip), ${rows[4][2]} (brotli 11) |`);
