import type { VariableHeader } from "./layout.js";

/** Bits 0 to 15 of a request's or embedding request's flags. Bit 15 is reserved. */
export const REQUEST_FLAGS = Object.freeze({
  systemPrompt: 1 << 0,
  tools: 1 << 1,
  toolChoice: 1 << 2,
  images: 1 << 3,
  stream: 1 << 4,
  responseFormat: 1 << 5,
  maxTokens: 1 << 6,
  reasoningEffort: 1 << 7,
  serviceTier: 1 << 8,
  seed: 1 << 9,
  logprobs: 1 << 10,
  user: 1 << 11,
  temperature: 1 << 12,
  topP: 1 << 13,
  stop: 1 << 14,
});

/** Bits 0 to 15 of a response's, embedding response's or error's flags. Bits 8 to 15 are reserved. */
export const RESPONSE_FLAGS = Object.freeze({
  toolCalls: 1 << 0,
  refusal: 1 << 1,
  contentFiltered: 1 << 2,
  usage: 1 << 3,
  truncated: 1 << 4,
  cachedTokens: 1 << 5,
  reasoningTokens: 1 << 6,
  costEstimate: 1 << 7,
});

/** Bits 24 to 31 of every frame's flags, as a byte. Bits 2 to 7 are reserved. */
export const COMPRESSED_FLAG = 1 << 0;
export const EXTENSIONS_FLAG = 1 << 1;

const NO_FLAGS: Readonly<Record<string, number>> = Object.freeze({});

/** Names and bits of the low 16 flag bits that belong to a variable header; none for `none` and `opaque`. */
export function specificFlags(kind: VariableHeader): Readonly<Record<string, number>> {
  return kind === "routing" ? REQUEST_FLAGS : kind === "response" ? RESPONSE_FLAGS : NO_FLAGS;
}

/** The names of the bits set in `bits`, lowest first. */
export function flagNames(kind: VariableHeader, bits: number): string[] {
  return Object.entries(specificFlags(kind))
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([name]) => name);
}

/** The low 16 bits that a variable header's flags may set. */
export function knownFlagBits(kind: VariableHeader): number {
  if (kind === "opaque") return 0xffff;
  return Object.values(specificFlags(kind)).reduce((bits, bit) => bits | bit, 0);
}
