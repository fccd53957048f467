export type { Analysis, CandidateReport } from "./analysis.js";
export * from "./brotli/index.js";
export type { ContentKind } from "./content.js";
export { detect, type Detection } from "./detect.js";
export { CodecEngine, type CompressOptions, type EngineOptions } from "./engine.js";
export * from "./frame/index.js";
export * from "./none/index.js";
export {
  DEFAULT_BROTLI_THRESHOLD_BYTES,
  POLICIES,
  SMALL_CONTENT_BYTES,
  type PolicyName,
  type Selection,
} from "./policy.js";
export { ALGORITHMS, availableAlgorithms, createCodec, findDescriptor, parseAlgorithm } from "./registry.js";
export {
  DEFAULT_ROUTER_THRESHOLDS,
  type Route,
  type RouterThresholds,
  type RouteStrategy,
} from "./router.js";
export * from "./t1/index.js";
export * from "./tk/index.js";
export type {
  AlgorithmDescriptor,
  AlgorithmName,
  BrotliEngine,
  Carries,
  Codec,
  CodecOptions,
  LosslessScope,
  SecurityMode,
} from "./types.js";
