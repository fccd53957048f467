import type { Packet, PacketState } from "../transport/index.js";

/** Names of the handshake patterns (docs/spec/aitcp.md, Handshake). */
const PATTERNS: Readonly<Record<number, string>> = { 1: "XX", 2: "IK", 3: "IKpsk2" };
/** What a responder refuses an INITIATION for (docs/spec/aitcp.md, Handshake). */
const REFUSALS: Readonly<Record<number, string>> = {
  1: "the ticket is unknown, used or expired",
  2: "no version, pattern or mode in common",
  3: "not trusted",
  4: "busy",
  5: "malformed",
};

/** What was found, in a few words. */
export function describePacket(packet: {
  readonly state: PacketState;
  readonly kind?: string;
  readonly pattern?: number;
  readonly epoch?: number;
}): string {
  const { state, kind, pattern, epoch } = packet;
  if (state === "invalid") return "no AITcpPacket";
  if (state === "table") return "valid AITcpPacket, not in the form of AI-TCP";
  const name = (kind ?? "").toUpperCase();
  return epoch === undefined ? `${name}, pattern ${patternName(pattern!)}` : `${name}, epoch ${epoch}`;
}

/** What the value of a field of `packet` says; `undefined` if nothing. */
export function describeField(name: string, value: Uint8Array, packet: Packet): string | undefined {
  const isData = packet.kind === "data";
  switch (name) {
    case "version":
      return `AI-TCP ${value[0]}`;
    case "ephemeral_key":
      return "the sender's X25519 key of the handshake";
    case "nonce":
    case "encrypted_sequence_id":
    case "signature":
      return isData ? "masked" : "none";
    case "encrypted_payload":
      if (isData) return `sealed record of ${value.length - 16} bytes, and its tag`;
      return value.length === 0 ? "none" : "rest of the Noise message";
    case "header":
      return isData
        ? `DATA, epoch ${packet.epoch} modulo 256`
        : `${packet.kind.toUpperCase()}, pattern ${patternName(packet.pattern)}`;
    case "payload":
      return packet.kind === "refusal" ? (REFUSALS[value[0]] ?? "unknown code") : "cookie";
    default:
      return undefined;
  }
}

function patternName(pattern: number): string {
  return `${pattern} (${PATTERNS[pattern] ?? "unknown"})`;
}
