export { SIGNATURE_MODES, type SignatureMode, type TurnScope, type Role } from "./parties.js";
export { TurnSigner, type SignedTurn } from "./turn-signer.js";
export { TurnVerifier } from "./turn-verifier.js";
export { TranscriptWriter } from "./transcript-writer.js";
