import type { ByteContexts } from "../modelling/byte-contexts.js";

/** Shortest repetition that is taken, by the hash of 5 bytes and by that of 12. */
const MIN_SHORT = 5;
const MIN_LONG = 8;
const MAX_VERIFIED = 40;
const RECENT_MASK = 0xffff;
/** Misses in a row after which a lost repetition is given up. */
const MAX_LOST = 16;

/** The shipped text and where each of its 5 and 12 bytes last occur: offset behind them, 0 for none. */
export interface TextIndex {
  readonly text: Uint8Array;
  readonly by5: Int32Array;
  readonly by12: Int32Array;
  readonly bits: number;
}

const H1 = 0x9e3779b1;
const H2 = 0x85ebca6b;
const H3 = 0xc2b2ae35;

function fold(h: number): number {
  return (h ^ (h >>> 15)) >>> 0;
}

/** Indexes `text`; deterministic, some milliseconds. */
export function indexText(text: Uint8Array, bits: number): TextIndex {
  const by5 = new Int32Array(1 << bits);
  const by12 = new Int32Array(1 << bits);
  const mask = (1 << bits) - 1;
  let last4 = 0;
  let last8 = 0;
  let last12 = 0;
  for (let i = 0; i < text.length; i++) {
    last12 = (last12 << 8) | (last8 >>> 24);
    last8 = (last8 << 8) | (last4 >>> 24);
    last4 = (last4 << 8) | text[i];
    const five = Math.imul(last4, H1) ^ Math.imul(last8 & 255, H2);
    by5[fold(five) & mask] = i + 1;
    const twelve = Math.imul(last4, H1) ^ Math.imul(last8, H2) ^ Math.imul(last12, H3);
    by12[fold(twelve) & mask] = i + 1;
  }
  return { text, by5, by12, bits };
}

/** Finds where the latest bytes stood before, in the message or in the shipped text, and so what may come next. */
export class MatchModel {
  /** The shipped text, then the message. */
  buffer: Uint8Array;
  readonly base: number;
  position: number;
  /** Bytes known to repeat; 0: none. */
  length = 0;
  pointer = 0;
  /** 1: in the message; 0: in the shipped text. */
  source = 0;
  /** Recent misses, 0 to 3. */
  misses = 0;
  /** Misses since a repetition was lost, while it may come back at the same distance; 0: it has not been lost or is given up. */
  lost = 0;
  readonly #index: TextIndex;
  readonly #recent5 = new Int32Array(RECENT_MASK + 1);
  readonly #recent12 = new Int32Array(RECENT_MASK + 1);
  /** What stands in both from this value on is of this message. */
  #epoch = 1;

  constructor(index: TextIndex) {
    this.#index = index;
    this.base = index.text.length;
    this.buffer = new Uint8Array(this.base + 65536);
    this.buffer.set(index.text);
    this.position = this.base;
  }

  reset(): void {
    this.#epoch += this.position - this.base + 1;
    this.#limitEpoch();
    this.position = this.base;
    this.length = this.pointer = this.source = this.misses = this.lost = 0;
  }

  /** Gives the repetition at hand up. */
  drop(): void {
    this.length = this.misses = this.lost = 0;
  }

  /** Forgets what is more than `bytes` back. */
  slide(bytes: number): void {
    const excess = this.position - this.base - bytes;
    if (excess <= 0) return;
    this.buffer.copyWithin(this.base, this.base + excess, this.position);
    this.position -= excess;
    // What pointed there now points before the window, and is not found.
    this.#epoch += excess;
    if (this.pointer < this.base + excess && this.pointer >= this.base) this.drop();
    else if (this.pointer >= this.base) this.pointer -= excess;
    this.#limitEpoch();
  }

  #limitEpoch(): void {
    // Small integers of every platform end a little further.
    if (this.#epoch <= 0x1fffffff) return;
    const passed = this.#epoch - 1;
    for (const recent of [this.#recent5, this.#recent12]) {
      for (let i = 0; i <= RECENT_MASK; i++) recent[i] = Math.max(0, recent[i] - passed);
    }
    this.#epoch = 1;
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.buffer.length >= this.position + count) return;
    const grown = new Uint8Array((this.position + count) * 2 - this.base);
    grown.set(this.buffer.subarray(0, this.position));
    this.buffer = grown;
  }

  /** Appends a byte; `contexts` has it already. */
  append(byte: number, contexts: ByteContexts): void {
    const { buffer } = this;
    buffer[this.position++] = byte;
    if (this.length > 0) {
      if (buffer[this.pointer] === byte) {
        this.length++;
        if (this.misses > 0 && (this.length & 15) === 0) this.misses--;
      } else {
        if (this.misses < 3) this.misses++;
        this.length = 0;
        this.lost = 1;
      }
      this.pointer++;
    } else if (this.lost > 0) {
      if (buffer[this.pointer] === byte) {
        this.lost = 1;
      } else if (++this.lost > MAX_LOST) this.lost = 0;
      this.pointer++;
      if (this.pointer >= this.position) this.lost = 0;
    }
    const { last4, last8, last12 } = contexts;
    const five = fold(Math.imul(last4, H1) ^ Math.imul(last8 & 255, H2));
    const twelve = fold(Math.imul(last4, H1) ^ Math.imul(last8, H2) ^ Math.imul(last12, H3));
    if (this.length < 16) this.#find(five, twelve);
    const here = this.#epoch + this.position - this.base;
    this.#recent5[five & RECENT_MASK] = here;
    this.#recent12[twelve & RECENT_MASK] = here;
  }

  /** Whether the next `count` bytes of `message` are as the repetition has them. */
  predicts(message: Uint8Array, at: number, count: number): boolean {
    if (at + count > message.length) return false;
    const { buffer, pointer } = this;
    for (let i = 0; i < count; i++) if (message[at + i] !== buffer[pointer + i]) return false;
    return true;
  }

  /** Appends the byte that the repetition has. */
  follow(): void {
    this.buffer[this.position++] = this.buffer[this.pointer++];
    this.length++;
    if (this.misses > 0 && (this.length & 15) === 0) this.misses--;
  }

  #find(five: number, twelve: number): void {
    if (this.length >= 6 && (this.length & 3) !== 0) return;
    this.#tryRecent(this.#recent12[twelve & RECENT_MASK], MIN_LONG);
    this.#tryRecent(this.#recent5[five & RECENT_MASK], MIN_SHORT);
    const index = this.#index;
    const mask = (1 << index.bits) - 1;
    this.#tryText(index.by12[twelve & mask], MIN_LONG);
    if (this.length < MIN_SHORT) this.#tryText(index.by5[five & mask], MIN_SHORT);
  }

  #tryRecent(entry: number, least: number): void {
    const offset = entry - this.#epoch;
    if (offset <= 0) return;
    const { base } = this;
    const at = base + offset;
    if (at === this.pointer && this.length > 0) return;
    const length = this.#verify(at, base);
    if (length >= least && length > this.length) this.#take(at, length, 1);
  }

  #tryText(at: number, least: number): void {
    if (at === 0) return;
    const length = this.#verify(at, 0);
    if (length >= least && length > this.length) this.#take(at, length, 0);
  }

  #take(at: number, length: number, source: number): void {
    this.pointer = at;
    this.length = length;
    this.source = source;
    this.lost = 0;
  }

  /** Equal bytes before `at` and before the position, at most `MAX_VERIFIED`, none before `floor`. */
  #verify(at: number, floor: number): number {
    const { buffer, position } = this;
    const most = Math.min(MAX_VERIFIED, at - floor);
    let length = 0;
    while (length < most && buffer[at - 1 - length] === buffer[position - 1 - length]) length++;
    return length;
  }
}
