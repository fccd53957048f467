// Prints by how many bytes resident memory grows when one format is loaded and used:
// node --expose-gc --import tsx memory-child.ts FORMAT CORPUS [DICTIONARY]
import { readFileSync } from "node:fs";
import { readCorpus } from "../support.js";
import { FORMATS } from "./formats.js";

const MESSAGES = 200;
const MAX_BYTES = 65_536;

const [name, corpusFile, dictionaryFile] = process.argv.slice(2);
const format = FORMATS.find((candidate) => candidate.name === name)!;
const { bodies } = readCorpus(corpusFile);
const fitting = bodies.filter(
  ({ text, bytes }) => bytes.length <= MAX_BYTES && format.carries?.(text) !== false,
);
const sample = fitting.filter((_, index) => index % Math.ceil(fitting.length / MESSAGES) === 0);
const dictionary = dictionaryFile === undefined ? undefined : readFileSync(dictionaryFile);

function residentBytes(): number {
  globalThis.gc!();
  return process.memoryUsage.rss();
}

const before = residentBytes();
const coder = await format.open(dictionary);
for (const { bytes } of sample) coder.decompress(coder.compress(bytes));
console.log(residentBytes() - before);
