import type { CarriageEnd } from "../sessions/index.js";

/** Codes of RESET on a stream that carries a session (docs/spec/transport.md, "AI-TCP"); those of QUIC, as far as they are needed. */
export const RESET_CODES = {
  done: 0x00,
  malformed: 0x01,
  tooLarge: 0x02,
  mismatch: 0x04,
  over: 0x05,
  timeout: 0x06,
  replaced: 0x07,
  tryLater: 0x08,
  failed: 0x0a,
} as const satisfies Record<CarriageEnd | "tooLarge" | "replaced", number>;
export type ResetReason = keyof typeof RESET_CODES;
