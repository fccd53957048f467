/** The public library. Each room is also a subpath of its own: `/codec`, `/tokenizer`, `/models`, `/security`, `/errors`; `/session` has only that. */
export * from "./codec/index.js";
export * from "./models/index.js";
export {
  DEFAULT_BLOCK_THRESHOLD,
  HydraModel,
  parseRules,
  RuleSet,
  SecurityScanner,
  SEVERITIES,
  THREAT_CATEGORIES,
  type HydraLoadOptions,
  type HydraPrediction,
  type Rule,
  type ScannerOptions,
  type ScanOptions,
  type ScanResult,
  type Severity,
  type Threat,
  type ThreatCategory,
  type ThreatLocation,
} from "./security/index.js";
export {
  BPE_ENCODINGS,
  ENCODINGS,
  parseEncoding,
  type BpeEncodingName,
  type EncodingName,
} from "./shared/encodings.js";
export * from "./shared/errors.js";
export {
  countChatTokens,
  countTokens,
  countTokensDetailed,
  // Beside compress and decompress the short names would read as those of wires.
  decode as decodeTokens,
  defaultTokenizers,
  encode as encodeTokens,
  estimateTokens,
  Tokenizer,
  TokenizerCache,
  truncate as truncateTokens,
  type ChatTokens,
  type CountedModel,
  type EstimateOptions,
  type ModelLookup,
  type RankTableLoader,
  type TokenCount,
  type TokenizerChoice,
  type Truncation,
} from "./tokenizer/index.js";
