// Writes dist/ranks/<encoding>.bin: the binary rank tables of docs/spec/tokenizers.md, section "Rank table".
// Skips tables that are up to date (same sources, same scripts); `--force` writes them anyway.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { buildRankTable } from "./rank-table.mjs";

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}dist/ranks`;

/** @type {{name: string, packageName: string, load: () => Promise<import("./rank-table.mjs").Vocabulary>}[]} */
const ENCODINGS = [
  { name: "cl100k_base", packageName: "js-tiktoken", load: () => tiktokenVocabulary("cl100k_base", 0, 0) },
  { name: "o200k_base", packageName: "js-tiktoken", load: () => tiktokenVocabulary("o200k_base", 1, 1) },
  { name: "llama", packageName: "llama3-tokenizer-js", load: () => llamaVocabulary() },
];

/** @param {string} name @param {number} letter @param {number} pattern */
async function tiktokenVocabulary(name, letter, pattern) {
  const ranks = (await import(`js-tiktoken/ranks/${name}`)).default;
  /** @type {Uint8Array[]} */
  const tokens = [];
  // Each line is "! first token token …": base64 tokens whose ids count up from `first`.
  for (const line of ranks.bpe_ranks.split("\n")) {
    const [, first, ...words] = line.split(" ");
    words.forEach((word, i) => (tokens[Number(first) + i] = Buffer.from(word, "base64")));
  }
  const specials = new Map(Object.entries(ranks.special_tokens));
  return { letter, pattern, tokens, specials };
}

async function llamaVocabulary() {
  const { default: llama } = await import("llama3-tokenizer-js");
  const byteOf = printableBytes();
  const words = llama.vocabById;
  const firstSpecial = words.indexOf("<|begin_of_text|>");
  const tokens = words
    .slice(0, firstSpecial)
    .map((word) => Uint8Array.from(word, (character) => byteOf.get(character)));
  const specials = new Map(words.slice(firstSpecial).map((word, i) => [word, firstSpecial + i]));
  return { letter: 2, pattern: 0, tokens, specials };
}

/** GPT-2's printable stand-ins for bytes: printable Latin-1 means itself, the others follow from U+0100 on. */
function printableBytes() {
  const byteOf = new Map();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
    byteOf.set(String.fromCodePoint(printable ? byte : next++), byte);
  }
  return byteOf;
}

function stampOf(packageName) {
  const hash = createHash("sha256");
  for (const script of ["build-ranks.mjs", "rank-table.mjs"])
    hash.update(readFileSync(`${root}scripts/${script}`));
  let path = require.resolve(packageName);
  while (!existsSync(`${path}/package.json`))
    path = fileURLToPath(new URL(".", `file://${path}`)).slice(0, -1);
  hash.update(`${packageName}@${JSON.parse(readFileSync(`${path}/package.json`, "utf8")).version}`);
  return hash.digest("hex");
}

mkdirSync(folder, { recursive: true });
const stampsPath = `${folder}/stamps.json`;
const stamps = existsSync(stampsPath) ? JSON.parse(readFileSync(stampsPath, "utf8")) : {};
for (const { name, packageName, load } of ENCODINGS) {
  const path = `${folder}/${name}.bin`;
  const stamp = stampOf(packageName);
  const known = stamps[name];
  if (
    !process.argv.includes("--force") &&
    known?.stamp === stamp &&
    existsSync(path) &&
    statSync(path).size === known.sizeBytes
  ) {
    continue;
  }
  const table = buildRankTable(await load());
  // Written under another name first: a reader never sees half a table.
  writeFileSync(`${path}.${process.pid}.tmp`, table);
  renameSync(`${path}.${process.pid}.tmp`, path);
  stamps[name] = { stamp, sizeBytes: table.length };
  writeFileSync(stampsPath, JSON.stringify(stamps, null, 2) + "\n");
  console.log(`dist/ranks/${name}.bin ${(table.length / 1e6).toFixed(1)} MB`);
}
