import { isOverSize } from "../shared/limits.js";

/** What a decompressor gives. */
interface Unpacked {
  readonly bytes: Uint8Array;
}

export interface HeldBytesOptions {
  /** Most bytes of all together. Who holds alone may hold more: what is allowed for one always fits. */
  readonly maxBytes: number;
  /** What is thrown where there is no room. */
  readonly noRoom: () => Error;
}

/** Bounds the bytes of requests that a process holds in memory: as they came, and what is made of them. */
export class HeldBytes {
  readonly #options: HeldBytesOptions;
  #heldBytes = 0;

  constructor(options: HeldBytesOptions) {
    this.#options = options;
  }

  /** Of one request: begins with nothing. */
  open(): HeldShare {
    return new HeldShare(this);
  }

  /** What `share` may hold beside what it holds; `Infinity` if nobody else holds anything. */
  roomFor(share: HeldShare): number {
    if (this.#heldBytes === share.ownBytes) return Infinity;
    return Math.max(0, this.#options.maxBytes - this.#heldBytes);
  }

  /** @param difference bytes, fewer than 0 to give them back */
  add(difference: number): void {
    this.#heldBytes += difference;
  }

  noRoom(): Error {
    return this.#options.noRoom();
  }
}

/** What one request holds. */
export class HeldShare {
  readonly #held: HeldBytes;
  #ownBytes = 0;

  constructor(held: HeldBytes) {
    this.#held = held;
  }

  get ownBytes(): number {
    return this.#ownBytes;
  }

  /** Bytes that it may hold still. */
  get roomBytes(): number {
    return this.#held.roomFor(this);
  }

  /** Holds so many bytes more. @returns why it may not */
  tryHold(sizeBytes: number): Error | undefined {
    if (sizeBytes > this.roomBytes) return this.#held.noRoom();
    this.add(sizeBytes);
    return undefined;
  }

  /** Counts what is there already, whether or not there is room for it. */
  add(sizeBytes: number): void {
    this.#held.add(sizeBytes);
    this.#ownBytes += sizeBytes;
  }

  /** Holds so many bytes more. @throws what `noRoom` makes */
  hold(sizeBytes: number): void {
    const refusal = this.tryHold(sizeBytes);
    if (refusal) throw refusal;
  }

  /**
   * Holds what `open` makes of something small.
   * @param maxBytes most that it may make where there is room for it
   * @throws what `noRoom` makes where there is less room than it needs, and what `open` throws
   */
  unpack<Opened extends Unpacked | undefined>(
    maxBytes: number,
    open: (maxOutputBytes: number) => Opened,
  ): Opened {
    const { roomBytes } = this;
    let opened: Opened;
    try {
      opened = open(Math.min(maxBytes, roomBytes));
    } catch (error) {
      throw roomBytes < maxBytes && isOverSize(error) ? this.#held.noRoom() : error;
    }
    if (opened) this.hold(opened.bytes.length);
    return opened;
  }

  /** Gives back all that it holds. */
  release(): void {
    this.#held.add(-this.#ownBytes);
    this.#ownBytes = 0;
  }
}
