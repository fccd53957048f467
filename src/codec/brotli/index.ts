export { BROTLI_DESCRIPTOR, BROTLI_PREFIX, BrotliCodec, parseBrotliQuality } from "./brotli-codec.js";
export { createNodeBrotliEngine } from "./node-engine.js";
export { loadWasmBrotliEngine } from "./wasm-engine.js";
