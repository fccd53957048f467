import { createRequire } from "node:module";
import { get_encoding, Tiktoken } from "tiktoken";
import { BPE_ENCODINGS, type BpeEncodingName } from "../../src/shared/encodings.js";
import { TokenizerCache } from "../../src/tokenizer/index.js";

const require = createRequire(import.meta.url);

export const tokenizers = new TokenizerCache();

/** What the tests hold our ids against: the WebAssembly build of tiktoken. */
export interface Reference {
  encode(text: string): number[];
}

const references = new Map<BpeEncodingName, Reference>();

/** The reference of `encoding`; Llama 3 is tiktoken too, with the vocabulary that llama3-tokenizer-js publishes. */
export function referenceOf(encoding: BpeEncodingName): Reference {
  let reference = references.get(encoding);
  if (reference === undefined) {
    const oracle = encoding === "llama" ? makeLlamaOracle() : get_encoding(encoding);
    reference = { encode: (text) => Array.from(oracle.encode(text, "all")) };
    references.set(encoding, reference);
  }
  return reference;
}

function makeLlamaOracle(): Tiktoken {
  const cl100k = require("tiktoken/encoders/cl100k_base.json") as { pat_str: string };
  const ours = tokenizers.get("llama");
  const firstSpecial = 128_000;
  const words: string[] = [];
  for (let id = 0; id < firstSpecial; id++) words.push(Buffer.from(ours.decode([id])).toString("base64"));
  const specials: Record<string, number> = {};
  for (let id = firstSpecial; id < ours.vocabularySize; id++)
    specials[Buffer.from(ours.decode([id])).toString()] = id;
  return new Tiktoken(`! 0 ${words.join(" ")}`, specials, cl100k.pat_str);
}

/** Runs a body for each encoding that has token ids. */
export function forEachEncoding(run: (encoding: BpeEncodingName) => void): void {
  for (const encoding of BPE_ENCODINGS) run(encoding);
}
