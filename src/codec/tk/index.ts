export { RAW_OPENING_COUNT, TK_DESCRIPTOR, TK_PREFIX, TokenNativeCodec } from "./tk-codec.js";
