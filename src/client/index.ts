/** A client of m2m servers. */
export { M2MClient, type CallOptions, type ReceiveOptions } from "./client.js";
export type { ClientState } from "./conversation.js";
export {
  TRANSPORTS,
  type AiTcpClientOptions,
  type M2MClientOptions,
  type ReconnectOptions,
  type Transport,
} from "./options.js";
