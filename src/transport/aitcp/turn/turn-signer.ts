import { MAX_TURN_BYTES, MAX_TURN_MESSAGES } from "./limits.js";
import type { CreateHash, Role, Sign, SignatureMode, TurnScope } from "./parties.js";
import { TurnChain } from "./turn-chain.js";

export interface TurnSignerOptions {
  readonly mode: SignatureMode;
  readonly scope: TurnScope;
  /** Of the own side. */
  readonly role: Role;
  readonly sign: Sign;
  readonly createHash: CreateHash;
  /** Milliseconds from its first frame after which a turn ends. Default 1000. */
  readonly maxAgeMs?: number;
}

/** What goes with the last record of a turn: number and time into TURN_END, the signature into the packet. */
export interface SignedTurn {
  readonly number: number;
  readonly timeMs: number;
  readonly signature: Uint8Array;
}

const DEFAULT_MAX_AGE_MS = 1000;

/** Signs what the own side sends: each record is added when it is written, and ends the turn if that is due. */
export class TurnSigner {
  readonly #mode: SignatureMode;
  readonly #sign: Sign;
  readonly #maxAgeMs: number;
  readonly #chain: TurnChain;
  #startedMs = 0;
  #isWanted = false;

  constructor({ mode, scope, role, sign, createHash, maxAgeMs = DEFAULT_MAX_AGE_MS }: TurnSignerOptions) {
    this.#mode = mode;
    this.#sign = sign;
    this.#maxAgeMs = maxAgeMs;
    this.#chain = new TurnChain(scope, role, createHash);
  }

  /** A record is written. @param frames `turnFrames` of its writer @param messages those that end in it */
  add(frames: Uint8Array, messages: number, nowMs: number): void {
    if (this.#mode === "none") return;
    if (this.#chain.isEmpty) this.#startedMs = nowMs;
    this.#chain.add(frames, messages);
  }

  /** The turn is to end with the record that is written now: before CLOSE, or because the application says so. */
  want(): void {
    this.#isWanted = true;
  }

  /** Whether the turn ends with what was added. */
  isDue(nowMs: number): boolean {
    if (this.#mode === "packet") return true;
    if (this.#mode === "none" || this.#chain.isEmpty) return false;
    return (
      this.#isWanted ||
      this.#chain.messages >= MAX_TURN_MESSAGES ||
      this.#chain.bytes >= MAX_TURN_BYTES ||
      nowMs - this.#startedMs >= this.#maxAgeMs
    );
  }

  /** When the turn ends by its age alone; `undefined` if nothing is to be signed. */
  get dueAtMs(): number | undefined {
    return this.#mode === "turn" && !this.#chain.isEmpty ? this.#startedMs + this.#maxAgeMs : undefined;
  }

  /** Ends the turn. @param timeMs Unix milliseconds */
  end(timeMs: number): SignedTurn {
    const { number } = this.#chain;
    const signature = this.#sign(this.#chain.close(timeMs));
    this.#isWanted = false;
    return { number, timeMs, signature };
  }
}
