/** What is signed, and how others verify it later (docs/spec/aitcp.md, Turns and signatures, Transcript). */
export { MAX_TURN_AGE_MS, MAX_TURN_BYTES, MAX_TURN_MESSAGES } from "./limits.js";
export {
  IDENTITY_BYTES,
  SIGNATURE_BYTES,
  SIGNATURE_MODES,
  type CreateHash,
  type IncrementalHash,
  type Role,
  type Sign,
  type SignatureMode,
  type TurnScope,
  type Verify,
} from "./parties.js";
export { MAX_BLOCK_BYTES, TRANSCRIPT_MAGIC } from "./transcript-blocks.js";
export type {
  Receipt,
  SideReport,
  TranscriptFailure,
  TranscriptMessage,
  TranscriptReport,
} from "./transcript-report.js";
export { TranscriptWriter } from "./transcript-writer.js";
export { signedText, TurnChain } from "./turn-chain.js";
export { TurnSigner, type SignedTurn, type TurnSignerOptions } from "./turn-signer.js";
export { turnUnsigned, TurnVerifier, type TurnVerifierOptions } from "./turn-verifier.js";
export { verifyTranscript, type VerifyTranscriptOptions } from "./verify-transcript.js";
