/** AI-TCP: secure sessions between two agents (docs/spec/aitcp.md). */
export { inspectPackets, type InspectedPacket, type Packet, type PacketState } from "./packet/index.js";
