import { tailOf } from "./event-tail.js";

/** Probabilities are of a 1, in 65536ths; a coder is given 1 to 65535. */
const TOP_BYTE = 0xff000000;
/** Zero bytes that the end of a coded message may be short of: a writer leaves out no more, and a reader counts what lacks more as cut. */
export const MAX_ZEROES = 8;

/** Where reading stands. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** The coded bytes of an event, and how many bits of the check they carry. */
export interface EventBytes {
  readonly bytes: Uint8Array;
  readonly checkBits: number;
}

/** Where an event ended, and what it carried of the check. */
export interface EventEnd {
  readonly usedBytes: number;
  /** -1: something else stands there. */
  readonly check: number;
  readonly checkBits: number;
}

/**
 * A carryless binary arithmetic coder over 32-bit bounds (after paq's; Mahoney, "Data Compression Explained", 3.2): one class for both
 * directions, so that whoever codes a message writes its decisions once. All arithmetic is on unsigned 32-bit integers.
 */
export class RangeCoder {
  readonly #bounds = new Uint32Array(3); // low, high, code
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #decoding = false;
  /** More bytes may come: what they would decide is left open. */
  #isOpen = false;
  /** Reading, a decision was asked for that hangs on bytes that are not there yet; no other is taken until `resumeDecoding`. */
  isStarved = false;

  /** Begins to write. The buffer grows as needed. */
  startEncoding(): void {
    if (this.#decoding || this.#bytes.length === 0) this.#bytes = new Uint8Array(4096);
    this.#decoding = this.isStarved = false;
    this.#at = 0;
    this.#bounds[0] = 0;
    this.#bounds[1] = 0xffffffff;
  }

  /** Begins to read what `finish` gave. Behind the end of `bytes` stand zeroes, or, if it is open, what may still come. */
  startDecoding(bytes: Uint8Array, isOpen = false): void {
    this.#bounds[0] = 0;
    this.#bounds[1] = 0xffffffff;
    this.#read(bytes, isOpen);
  }

  /** Goes on where `pause` stopped. @param bytes begin behind those that were used up */
  resumeDecoding(bytes: Uint8Array, { low, high }: Bounds): void {
    this.#bounds[0] = low;
    this.#bounds[1] = high;
    this.#read(bytes, true);
  }

  #read(bytes: Uint8Array, isOpen: boolean): void {
    this.#decoding = true;
    this.#isOpen = isOpen;
    this.isStarved = false;
    this.#bytes = bytes;
    this.#at = 0;
    for (let i = 0; i < 4; i++) this.#bounds[2] = (this.#bounds[2] << 8) | this.#next();
  }

  get bounds(): Bounds {
    return { low: this.#bounds[0], high: this.#bounds[1] };
  }

  get isDecoding(): boolean {
    return this.#decoding;
  }

  /** Bytes that the decoder has asked for, those behind the end included; 4 more than were needed so far at most. */
  get consumedBytes(): number {
    return this.#at;
  }

  /** Whether more bytes were needed than a writer leaves out at the end. */
  get isCut(): boolean {
    return this.#at - 4 > this.#bytes.length + MAX_ZEROES;
  }

  /**
   * Codes one decision.
   * @param bit what is written; ignored when reading
   * @param probability of a 1, 1 to 65535
   * @returns the decision; -1 if bytes are missing that it hangs on
   */
  code(bit: number, probability: number): number {
    const bounds = this.#bounds;
    let low = bounds[0];
    let high = bounds[1];
    const range = high - low;
    const middle = low + (range >>> 16) * probability + (((range & 0xffff) * probability) >>> 16);
    if (this.#decoding) {
      bit = bounds[2] <= middle ? 1 : 0;
      if (this.#isOpen && this.#at > this.#bytes.length && (this.#highest() <= middle ? 1 : 0) !== bit) {
        this.isStarved = true;
        return -1;
      }
    }
    if (bit !== 0) high = middle;
    else low = middle + 1;
    while (((low ^ high) & TOP_BYTE) === 0) {
      if (this.#decoding) bounds[2] = (bounds[2] << 8) | this.#next();
      else this.#put(high >>> 24);
      low = (low << 8) >>> 0;
      high = ((high << 8) | 255) >>> 0;
    }
    bounds[0] = low;
    bounds[1] = high;
    return bit;
  }

  /** Ends writing: the fewest bytes that decode to what was coded, but for zeroes over `MAX_ZEROES`. They are a copy. */
  finish(): Uint8Array {
    const low = this.#bounds[0];
    const high = this.#bounds[1];
    // The number with the fewest leading bytes from low to high, the rest read as zeroes.
    for (let count = 0; count <= 4; count++) {
      const unit = 2 ** (32 - 8 * count);
      const value = Math.floor(high / unit) * unit;
      if (value < low) continue;
      for (let i = 0; i < count; i++) this.#put(Math.floor(value / 2 ** (24 - 8 * i)) & 255);
      break;
    }
    let end = this.#at;
    // A reader takes more than these for a wire that was cut.
    const least = Math.max(0, end - MAX_ZEROES);
    while (end > least && this.#bytes[end - 1] === 0) end--;
    return this.#bytes.slice(0, end);
  }

  /** Ends the writing of an event: bytes that tell themselves where they end, and `check` as far as there is room. */
  finishEvent(check: number, leastBits: number): EventBytes {
    const tail = tailOf(this.#bounds[0], this.#bounds[1], leastBits);
    const number = tail.first + (check & ((1 << tail.checkBits) - 1));
    for (let i = tail.bytes - 1; i >= 0; i--) this.#put(Math.floor(number / 2 ** (8 * i)) & 255);
    return { bytes: this.#bytes.slice(0, this.#at), checkBits: tail.checkBits };
  }

  /** Ends the reading of an event; `undefined`, and starved, if its last bytes are not there yet. */
  closeEvent(leastBits: number): EventEnd | undefined {
    const tail = tailOf(this.#bounds[0], this.#bounds[1], leastBits);
    const usedBytes = this.consumedBytes - 4 + tail.bytes;
    if (usedBytes > this.#bytes.length) {
      this.isStarved = true;
      return undefined;
    }
    const chosen = Math.floor(this.#bounds[2] / 2 ** (32 - 8 * tail.bytes)) - tail.first;
    const isChoice = chosen >= 0 && chosen < 1 << tail.checkBits;
    return { usedBytes, check: isChoice ? chosen : -1, checkBits: tail.checkBits };
  }

  /** The highest number that the bytes so far may be the beginning of. */
  #highest(): number {
    const missing = this.#at - this.#bytes.length;
    return missing >= 4 ? 0xffffffff : this.#bounds[2] + 2 ** (8 * missing) - 1;
  }

  #next(): number {
    const at = this.#at++;
    return at < this.#bytes.length ? this.#bytes[at] : 0;
  }

  #put(byte: number): void {
    if (this.#at === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#at++] = byte;
  }
}
