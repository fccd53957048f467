export { CipherState } from "./cipher-state.js";
export {
  HandshakeState,
  MAX_NOISE_MESSAGE_BYTES,
  type HandshakeOptions,
  type HandshakePayload,
  type ReadHandshakeMessage,
} from "./handshake-state.js";
