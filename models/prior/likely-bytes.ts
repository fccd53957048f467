import {
  type CandidateTables,
  ORDER4_BITS,
  order4Slot,
  ORDER6_BITS,
  order6Slot,
} from "../../src/codec/context/binarisation/candidates.js";
import { mayLearn, type Message } from "./corpus.js";

/** The byte that most often follows each context, found as a majority in one pass and counted in a second. */
export function learnCandidates(messages: readonly Message[], limit: number): CandidateTables {
  const order6 = new Majority(ORDER6_BITS);
  const order4 = new Majority(ORDER4_BITS);
  const order2 = new Majority(16);
  const repositories = [...new Set(messages.map(({ repository }) => repository))].sort();
  for (const isCounting of [false, true]) {
    for (const message of messages) {
      const { bytes } = message;
      const end = Math.min(limit, bytes.length);
      const repository = repositories.indexOf(message.repository) + 1;
      for (let i = 0, last4 = 0, last8 = 0; i < end; i++) {
        const byte = bytes[i];
        if (mayLearn(message, i, 6)) order6.see(order6Slot(last4, last8), byte, isCounting, repository);
        if (mayLearn(message, i, 4)) order4.see(order4Slot(last4), byte, isCounting, repository);
        if (mayLearn(message, i, 2)) order2.see(last4 & 0xffff, byte, isCounting, repository);
        last8 = (last8 << 8) | (last4 >>> 24);
        last4 = (last4 << 8) | byte;
      }
    }
  }
  return { order6: order6.likely(0.6, 4), order4: order4.likely(0.5, 4), order2: order2.likely(0.3, 6) };
}

/** Several repositories. What one alone has is not learnt. */
const SHARED = 65535;

/** Boyer and Moore's majority vote in each slot. */
class Majority {
  readonly #bytes: Uint8Array;
  readonly #votes: Int32Array;
  readonly #hits: Int32Array;
  readonly #totals: Int32Array;
  /** The repository whose messages have the byte, numbered from 1, or `SHARED`; 0: none so far. */
  readonly #owners: Uint16Array;

  constructor(bits: number) {
    this.#bytes = new Uint8Array(1 << bits);
    this.#votes = new Int32Array(1 << bits);
    this.#hits = new Int32Array(1 << bits);
    this.#totals = new Int32Array(1 << bits);
    this.#owners = new Uint16Array(1 << bits);
  }

  see(slot: number, byte: number, isCounting: boolean, repository: number): void {
    if (isCounting) {
      this.#totals[slot]++;
      if (this.#bytes[slot] !== byte) return;
      this.#hits[slot]++;
      if (this.#owners[slot] === 0) this.#owners[slot] = repository;
      else if (this.#owners[slot] !== repository) this.#owners[slot] = SHARED;
    } else if (this.#bytes[slot] === byte) this.#votes[slot]++;
    else if (this.#votes[slot] > 0) this.#votes[slot]--;
    else {
      this.#bytes[slot] = byte;
      this.#votes[slot] = 1;
    }
  }

  likely(share: number, count: number): Uint8Array {
    return this.#bytes.map((byte, slot) =>
      this.#owners[slot] === SHARED &&
      this.#totals[slot] >= count &&
      this.#hits[slot] >= share * this.#totals[slot]
        ? byte
        : 0,
    );
  }
}
