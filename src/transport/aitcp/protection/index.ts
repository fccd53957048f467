/** Protection of AI-TCP's DATA packets: sealed, numbered, masked, opened once. No sockets and no clock. */
export { PacketOpener, PREVIOUS_EPOCH_MS, type OpenedPacket, type PacketOpenerOptions } from "./opener.js";
export type { PacketCrypto } from "./packet-crypto.js";
export { paddedLength } from "./pad.js";
export { REPLAY_WINDOW } from "./replay-window.js";
export { EPOCH_LIMITS, PacketSealer, type EpochLimits, type PacketSealerOptions } from "./sealer.js";
export { PacketHead } from "./packet-head.js";
