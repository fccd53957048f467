import { IntegrityError, ProtocolError } from "../../../shared/errors.js";
import type { RecordContent, TurnEnd } from "../frames/index.js";
import { MAX_TURN_BYTES, MAX_TURN_MESSAGES } from "./limits.js";
import type { CreateHash, Role, SignatureMode, TurnScope, Verify } from "./parties.js";
import { TurnChain } from "./turn-chain.js";
import { TurnWatch } from "./turn-watch.js";

export interface TurnVerifierOptions {
  readonly mode: SignatureMode;
  readonly scope: TurnScope;
  /** Of the side that has signed. */
  readonly role: Role;
  readonly verify: Verify;
  readonly createHash: CreateHash;
}

/** Verifies what the peer has signed. */
export class TurnVerifier {
  readonly #mode: SignatureMode;
  readonly #identity: Uint8Array;
  readonly #verify: Verify;
  readonly #chain: TurnChain;
  /** Made when there is something to look after: most connections are idle. */
  #watch: TurnWatch | undefined;

  constructor({ mode, scope, role, verify, createHash }: TurnVerifierOptions) {
    this.#mode = mode;
    this.#identity = role === "initiator" ? scope.initiator : scope.responder;
    this.#verify = verify;
    this.#chain = new TurnChain(scope, role, createHash);
  }

  /**
   * Whether the peer goes on without ending its turn. Ask it again and again.
   * @param isReading what the peer sends is read now
   * @param intervalMs how often it is asked
   */
  isOverdue(isReading: boolean, nowMs: number, intervalMs: number): boolean {
    const turn = isReading && !this.#chain.isEmpty ? this.#chain : undefined;
    if (turn) this.#watch ??= new TurnWatch();
    return this.#watch?.isOverdue(turn, nowMs, intervalMs) ?? false;
  }

  /**
   * A record has come, and what the packet has as signature.
   * @returns whether it ends a turn, whose signature verifies
   * @throws {IntegrityError} `M2M_SIGNATURE_INVALID`; `M2M_TURN_UNSIGNED` if it should have ended before; {ProtocolError} `M2M_FRAME_UNEXPECTED` if the mode does not allow it
   */
  accept(record: Uint8Array, { frames, turnBytes, turnEnd }: RecordContent, signature: Uint8Array): boolean {
    if (!turnEnd && !isZero(signature)) unexpected("A record has a signature and ends no turn.");
    let messages = 0;
    for (const frame of frames) if (frame.type === "message" && frame.isLast) messages++;
    this.add(record.subarray(0, turnBytes), messages);
    if (turnEnd) this.end(turnEnd, signature);
    else if (this.#mode === "packet") unexpected("A record is not signed.");
    else if (this.#mode === "turn" && frames.at(-1)?.type === "close")
      throw turnUnsigned("The session is closed");
    return turnEnd !== undefined;
  }

  /** Frames of the turn. @throws {IntegrityError} `M2M_TURN_UNSIGNED` if it should have ended before */
  add(frames: Uint8Array, messages: number): void {
    if (this.#mode === "none") return;
    if (this.#chain.messages >= MAX_TURN_MESSAGES || this.#chain.bytes >= MAX_TURN_BYTES) {
      throw turnUnsigned("A turn is longer than it may be");
    }
    this.#chain.add(frames, messages);
  }

  /** The turn ends. @throws as `accept` */
  end({ number, timeMs }: TurnEnd, signature: Uint8Array): void {
    if (this.#mode === "none") unexpected("A turn ends, and nothing is signed here.");
    if (number !== this.#chain.number) unexpected("A turn has the number of another one.");
    if (this.#verify(this.#identity, this.#chain.close(timeMs), signature)) return;
    throw new IntegrityError("M2M_SIGNATURE_INVALID", `The signature of turn ${number} does not verify.`);
  }
}

/** The peer has not signed what it has sent. @param why the beginning of a sentence */
export function turnUnsigned(why: string): IntegrityError {
  return new IntegrityError("M2M_TURN_UNSIGNED", `${why}, and the peer has not signed it.`, {
    hint: "What came since its last signature proves nothing to others.",
  });
}

function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}

function unexpected(message: string): never {
  throw new ProtocolError("M2M_FRAME_UNEXPECTED", message);
}
