export { optimizeRequest } from "./optimize.js";
export { decodeT1, encodeT1, T1_DESCRIPTOR, T1_PREFIX, type T1Options, TokenCodec } from "./t1-codec.js";
