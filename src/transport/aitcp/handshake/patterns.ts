import { PACKET_KINDS } from "../packet/index.js";

/** Patterns of Noise that a handshake may follow. */
export type PatternName = "XX" | "IK" | "IKpsk2";

/** Patterns by their byte in the header. */
export const PATTERNS = new Map<number, PatternName>([
  [1, "XX"],
  [2, "IK"],
  [3, "IKpsk2"],
]);

export function patternByte(pattern: PatternName): number {
  for (const [byte, name] of PATTERNS) if (name === pattern) return byte;
  throw new Error(`${pattern} has no byte`);
}

const PROTOCOL = new TextEncoder().encode("AI-TCP/1");

/** What both sides have to agree on before the first message: the protocol, and the header of INITIATION. */
export function prologue(pattern: PatternName): Uint8Array {
  return Buffer.concat([PROTOCOL, Uint8Array.of(PACKET_KINDS.initiation, patternByte(pattern), 0, 0)]);
}
