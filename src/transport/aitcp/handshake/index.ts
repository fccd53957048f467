/** The handshake of AI-TCP: Noise, with identities that are proven and settings that are agreed on. */
export { Cookies } from "./cookies.js";
export type { AiTcpPeer, Established } from "./established.js";
export type { Role } from "./identity-proof.js";
export {
  InitiatorHandshake,
  type HeldTicket,
  type InitiatorOptions,
  type InitiatorStep,
} from "./initiator.js";
export { HandshakeRefusal, isRefusal, refusedError, REFUSALS, type RefusalReason } from "./refusal.js";
export {
  refusalPacket,
  ResponderHandshake,
  ticketRefused,
  type GivenTicket,
  type ResponderOptions,
  type ResponderStep,
} from "./responder.js";
export type { SessionSecrets } from "./secrets.js";
export type { AiTcpAgreement, HandshakeSettings } from "./settings.js";
export { assertNotWeaker, type Strength } from "./strength.js";
