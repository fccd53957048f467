/** Transports that are protocols of their own. */
export { inspectPackets, type InspectedPacket, type Packet, type PacketState } from "./aitcp/index.js";
