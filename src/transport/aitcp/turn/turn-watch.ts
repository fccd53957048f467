import { MAX_TURN_AGE_MS, MIN_TURN_BYTES_PER_SECOND } from "./limits.js";

/** A turn that is under way. */
export interface OpenTurn {
  readonly number: number;
  /** Of its frames. */
  readonly bytes: number;
}

/**
 * Finds out a peer that sends and does not sign. A turn whose frames keep coming is held by its length; time in which this process did not run,
 * or did not read, does not count against the peer.
 */
export class TurnWatch {
  #number = -1;
  #bytes = 0;
  #sinceMs = 0;
  #lastMs = -Infinity;

  /**
   * Looks after the turn that is under way; `undefined` if none is, or nothing is read now.
   * @param intervalMs how often it is asked
   * @returns whether the turn should have ended by now
   */
  isOverdue(turn: OpenTurn | undefined, nowMs: number, intervalMs: number): boolean {
    const elapsedMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (!turn) {
      this.#number = -1;
      return false;
    }
    const { number, bytes } = turn;
    const isFlowing = bytes - this.#bytes >= (elapsedMs / 1000) * MIN_TURN_BYTES_PER_SECOND;
    const isLate = elapsedMs > 2 * intervalMs;
    this.#bytes = bytes;
    if (number !== this.#number || isFlowing || isLate) {
      this.#number = number;
      this.#sinceMs = nowMs;
    }
    return nowMs - this.#sinceMs >= MAX_TURN_AGE_MS;
  }
}
