export {
  isRawTokenNative,
  TK_DESCRIPTOR,
  TK_PREFIX,
  tokenNativeEncoding,
  TokenNativeCodec,
} from "./tk-codec.js";
