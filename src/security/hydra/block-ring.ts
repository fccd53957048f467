/** Tokens of a block: strides and lengths of windows are mostly multiples of it. A power of two. */
export const BLOCK_TOKENS = 8;

/**
 * Which blocks of a stream of tokens have been summed up: those of the last windows. Windows overlap, and each scale of
 * windows reads the same tokens again; with sums of aligned blocks every token is read about once.
 */
export class BlockRing {
  /** Places for blocks: more than a window has. A power of two. */
  readonly size: number;
  /** Which block each place holds, -1 for none. */
  readonly #blocks: Int32Array;

  /** @param longest tokens of the longest window */
  constructor(longest: number) {
    this.size = 2 ** Math.ceil(Math.log2(longest / BLOCK_TOKENS + 2));
    this.#blocks = new Int32Array(this.size).fill(-1);
  }

  /** Forgets everything: what follows is of another stream. */
  clear(): void {
    this.#blocks.fill(-1);
  }

  placeOf(block: number): number {
    return block & (this.size - 1);
  }

  /** Whether the place of `block` holds something else; it counts as holding it from now on. */
  take(block: number): boolean {
    const place = this.placeOf(block);
    if (this.#blocks[place] === block) return false;
    this.#blocks[place] = block;
    return true;
  }
}
