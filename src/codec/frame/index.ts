export { FRAME_DESCRIPTOR, FrameCodec, type FrameOptions } from "./frame-codec.js";
export type { FrameHeader, ResponseHeader, RoutingHeader } from "./header.js";
export { KEY_BYTES } from "../../shared/keys.js";
export { deriveKey, parseKey, type KeyInfo } from "./keys.js";
export {
  FRAME_PREFIX,
  FRAME_SCHEMAS,
  SECURITY_MODES,
  type FinishReason,
  type FrameRole,
  type FrameSchema,
} from "./layout.js";
export { isBinaryFrame, peekFrame } from "./peek.js";
export { createNodeFrameCrypto, type FrameCrypto } from "./security.js";
