export { NONE_DESCRIPTOR, NoneCodec } from "./none-codec.js";
