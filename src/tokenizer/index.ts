export { Tokenizer } from "./tokenizer.js";
export type { Truncation } from "./tokenizer.js";
export { defaultTokenizers, TokenizerCache } from "./tokenizer-cache.js";
export type { RankTableLoader } from "./tokenizer-cache.js";
