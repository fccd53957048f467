import type { ByteContexts } from "../modelling/byte-contexts.js";
import type { MatchModel } from "../dictionary/match-model.js";

/** The likeliest byte behind the last 6, 4 and 2, by hash; 0: none is likely. */
export interface CandidateTables {
  readonly order6: Uint8Array;
  readonly order4: Uint8Array;
  readonly order2: Uint8Array;
}

export const ORDER6_BITS = 17;
export const ORDER4_BITS = 16;

export function order6Slot(last4: number, last8: number): number {
  return (Math.imul(last4, 0x9e3779b1) ^ Math.imul(last8 & 0xffff, 0x85ebca6b)) >>> (32 - ORDER6_BITS);
}

export function order4Slot(last4: number): number {
  return Math.imul(last4, 0x9e3779b1) >>> (32 - ORDER4_BITS);
}

/** Where a candidate comes from. The first of a kind and the second of it are apart. */
export const Stage = {
  tree: 0,
  match: 1,
  lost: 2,
  order6: 3,
  order4: 5,
  order2: 7,
  /** A repetition that is known to end soon. */
  failing: 9,
} as const;

/** Bytes that the next one is guessed to be, at most two, and where each guess comes from. */
export class Candidates {
  /** -1: none. */
  first = -1;
  firstStage = 0;
  second = -1;
  secondStage = 0;

  readonly tables: CandidateTables;

  constructor(tables: CandidateTables) {
    this.tables = tables;
  }

  guess(contexts: ByteContexts, match: MatchModel): void {
    this.second = -1;
    const { tables } = this;
    const { last4 } = contexts;
    if (match.length > 0) {
      this.first = match.buffer[match.pointer];
      this.firstStage = Stage.match;
      if (match.length >= 16) return;
    } else this.first = -1;
    let stage: number = Stage.order6;
    let byte = tables.order6[order6Slot(last4, contexts.last8)];
    if (byte === 0) {
      stage = Stage.order4;
      byte = tables.order4[order4Slot(last4)];
      if (byte === 0) {
        stage = Stage.order2;
        byte = tables.order2[last4 & 0xffff];
        if (byte === 0) {
          if (this.first === -1 && match.lost > 0) {
            this.first = match.buffer[match.pointer];
            this.firstStage = Stage.lost;
          }
          return;
        }
      }
    }
    if (this.first === -1) {
      this.first = byte;
      this.firstStage = stage;
      if (stage === Stage.order2) return;
      stage = Stage.order2;
      byte = tables.order2[last4 & 0xffff];
      if (byte === 0) return;
    }
    if (byte === this.first) return;
    this.second = byte;
    this.secondStage = stage + 1;
  }
}
