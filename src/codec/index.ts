export type { Analysis, CandidateReport } from "./analysis.js";
export { BROTLI_PREFIX, BrotliCodec, createNodeBrotliEngine, loadWasmBrotliEngine } from "./brotli/index.js";
export type { ContentKind } from "./content.js";
export {
  ContextCodec,
  DEFAULT_WINDOW_BYTES,
  defaultPriors,
  isSessionWire,
  SessionDecoder,
  SessionEncoder,
  StreamDecoder,
  StreamEncoder,
} from "./context/index.js";
export { detect, type Detection } from "./detect.js";
export { CodecEngine } from "./engine.js";
export {
  createNodeFrameCrypto,
  deriveKey,
  FRAME_PREFIX,
  FRAME_SCHEMAS,
  FrameCodec,
  KEY_BYTES,
  parseKey,
  peekFrame,
  type FinishReason,
  type FrameCrypto,
  type FrameHeader,
  type FrameOptions,
  type FrameRole,
  type FrameSchema,
  type KeyInfo,
  type ResponseHeader,
  type RoutingHeader,
} from "./frame/index.js";
export { guardContent, type ContentScanner, type ContentVerdict } from "./guard.js";
export { NoneCodec } from "./none/index.js";
export { packWire, unpackWire } from "./packed.js";
export type { Selection } from "./policy.js";
export { ALGORITHMS } from "./registry.js";
export { findReservedOpening } from "./reserved.js";
export { SessionLineDecoder, SessionLineEncoder } from "./session-lines.js";
export type { CompressionResult, DecompressionResult } from "./result.js";
export type { AnalyzeOptions, CompressOptions, DecompressOptions, EngineOptions } from "./settings.js";
export type { Route, RouteStrategy } from "./router.js";
export { decodeT1, encodeT1, optimizeRequest, T1_PREFIX, TokenCodec, type T1Options } from "./t1/index.js";
export { TK_PREFIX, TokenNativeCodec } from "./tk/index.js";
export type {
  AlgorithmDescriptor,
  BrotliEngine,
  Carries,
  Codec,
  CodecOptions,
  LosslessScope,
  SecurityMode,
} from "./types.js";
export type { AlgorithmName, PolicyName } from "../shared/algorithms.js";
export type { RouterThresholds } from "../shared/defaults.js";
export { DEFAULT_LIMITS, type Limits } from "../shared/limits.js";
