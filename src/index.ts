/** The public library. Each room is also a subpath of its own: `/codec`, `/tokenizer`, `/models`. */
export * from "./codec/index.js";
export * from "./models/index.js";
export {
  BPE_ENCODINGS,
  ENCODINGS,
  parseEncoding,
  type BpeEncodingName,
  type EncodingName,
} from "./shared/encodings.js";
export * from "./shared/errors.js";
export { DEFAULT_LIMITS, type Limits } from "./shared/limits.js";
export * from "./tokenizer/index.js";
