/**
 * The codec `dictionary` (docs/spec/context.md): messages as decisions of a model that was primed with LLM traffic.
 * `ContextCodec` stands for itself; `PriorCache` is what a server shares between codecs.
 */
export {
  CONTEXT_DESCRIPTOR,
  CONTEXT_PREFIX,
  ContextCodec,
  type ContextCodecOptions,
} from "./context-codec.js";
export { defaultPriors, PriorCache, priorName, readPackagedPrior } from "./prior/prior-cache.js";
export {
  DEFAULT_WINDOW_BYTES,
  SessionDecoder,
  SessionEncoder,
  type SessionOptions,
} from "./history/session.js";
export { StreamDecoder, StreamEncoder, type StreamOptions } from "./history/stream.js";
export { isSessionWire } from "./wire/header.js";
