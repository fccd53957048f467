import { LimitError } from "../../../shared/errors.js";

/** A sender stops before this number. */
export const END_OF_SEQUENCE = Number.MAX_SAFE_INTEGER;

const WORD = 2 ** 32;

/** The numbers of the packets of one direction. None is given twice. */
export class SequenceCounter {
  #next: number;

  constructor(first = 0) {
    this.#next = first;
  }

  /** The number of the next packet. */
  get next(): number {
    return this.#next;
  }

  /** Takes a number. @throws {LimitError} `M2M_SEQUENCE_EXHAUSTED` */
  take(): number {
    if (this.#next < END_OF_SEQUENCE) return this.#next++;
    throw new LimitError(
      "M2M_SEQUENCE_EXHAUSTED",
      "The connection has used all its sequence numbers. Connect again.",
    );
  }
}

/** Writes `number` at `offset` in 8 bytes, little-endian. */
export function writeSequence(target: Buffer, offset: number, number: number): void {
  target.writeUInt32LE(number % WORD, offset);
  target.writeUInt32LE(Math.floor(number / WORD), offset + 4);
}

/** The number in the 8 bytes at `offset`; `undefined` if it is none that a sender uses. */
export function readSequence(bytes: Buffer, offset: number): number | undefined {
  const number = bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * WORD;
  return number < END_OF_SEQUENCE ? number : undefined;
}

/** Writes the nonce of `number` at the front: iv XOR (4 zero bytes ‖ number (8, BE)). The iv is that at `ivOffset` of `keys`. */
export function writeNonce(target: Buffer, keys: Buffer, ivOffset: number, number: number): void {
  target.writeUInt32BE(keys.readUInt32BE(ivOffset), 0);
  target.writeUInt32BE((keys.readUInt32BE(ivOffset + 4) ^ Math.floor(number / WORD)) >>> 0, 4);
  target.writeUInt32BE((keys.readUInt32BE(ivOffset + 8) ^ number) >>> 0, 8);
}
