/** Pieces that are joined at a time: enough to make joining cheap, few enough to hold. */
const BATCH = 1024;

/**
 * Builds a long text out of many small pieces. Appending to a string does the same, but the engine then keeps every
 * piece, at several times its size, until somebody reads the text.
 */
export class TextBuilder {
  /** UTF-16 units so far. */
  length = 0;
  #joined = "";
  #pieces: string[] = [];

  append(piece: string): void {
    this.length += piece.length;
    if (this.#pieces.push(piece) < BATCH) return;
    this.#joined += this.#pieces.join("");
    this.#pieces = [];
  }

  toString(): string {
    return this.#joined + this.#pieces.join("");
  }
}
