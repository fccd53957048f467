// Writes src/tokenizer/unicode-classes.gen.ts: the character classes of the pre-tokenizers, as runs.
//   node scripts/gen-unicode-classes.mjs
// The reference tokenizers (the WASM and Rust builds of tiktoken) know Unicode 16.0. Node knows 16.0 or 17.0; what 17.0
// changed in these classes is undone here (DerivedAge.txt of Unicode 17.0, and its DerivedGeneralCategory.txt for U+0295).
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const NEW_IN_17 = [
  [0x88f, 0x88f], [0xc5c, 0xc5c], [0xcdc, 0xcdc], [0x1acf, 0x1add], [0x1ae0, 0x1aeb], [0xa7ce, 0xa7cf],
  [0xa7d2, 0xa7d2], [0xa7d4, 0xa7d4], [0xa7f1, 0xa7f1], [0x10940, 0x10959], [0x10ec5, 0x10ec7], [0x10efa, 0x10efb],
  [0x11b60, 0x11b67], [0x11db0, 0x11ddb], [0x11de0, 0x11de9], [0x16ea0, 0x16eb8], [0x16ebb, 0x16ed3],
  [0x16ff2, 0x16ff6], [0x187f8, 0x187ff], [0x18d09, 0x18d1e], [0x18d80, 0x18df2], [0x1e6c0, 0x1e6de],
  [0x1e6e0, 0x1e6f5], [0x1e6fe, 0x1e6ff], [0x2b73a, 0x2b73f], [0x2cea2, 0x2cead], [0x323b0, 0x33479],
]; // prettier-ignore
const LOWER_BEFORE_17 = 0x295;

/** Class letters in the order of src/tokenizer/char-classes.ts. */
const CLASSES = [
  ["W", /[\p{White_Space}--[\r\n]]/v],
  ["R", /[\r\n]/v],
  ["N", /\p{N}/v],
  ["M", /\p{M}/v],
  ["U", /[\p{Lu}\p{Lt}]/v],
  ["L", /\p{Ll}/v],
  ["B", /[\p{Lm}\p{Lo}]/v],
];

if (!/^1[67]\.0$/.test(process.versions.unicode)) {
  throw new Error(`Node's Unicode version is ${process.versions.unicode}; this script knows 16.0 and 17.0`);
}

function classOf(codePoint) {
  if (codePoint === LOWER_BEFORE_17) return "L";
  if (NEW_IN_17.some(([first, last]) => codePoint >= first && codePoint <= last)) return "O";
  const character = String.fromCodePoint(codePoint);
  return CLASSES.find(([, pattern]) => pattern.test(character))?.[0] ?? "O";
}

let runs = "";
let current = classOf(0);
let first = 0;
for (let codePoint = 1; codePoint <= 0x110000; codePoint++) {
  const next = codePoint === 0x110000 ? "" : classOf(codePoint);
  if (next === current) continue;
  runs += current + (codePoint - first).toString(36);
  current = next;
  first = codePoint;
}

writeFileSync(
  fileURLToPath(new URL("../src/tokenizer/unicode-classes.gen.ts", import.meta.url)),
  `// Made by: node scripts/gen-unicode-classes.mjs
/**
 * Classes of Unicode 16.0, the version of the reference tokenizers. Runs of code points from U+0000 on: a class letter
 * (see char-classes.ts), then the run's length in base 36.
 */
export const UNICODE_CLASS_RUNS =
${runs
  .match(/.{1,116}/g)
  .map((line) => `  "${line}"`)
  .join(" +\n")};
`,
);
