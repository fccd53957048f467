/** Numbers below the highest one, and that one, which can be told from those that were seen. */
export const REPLAY_WINDOW = 8192;

const WORD_BITS = 32;
/** One word more than the window has: the highest number's word is not full yet. */
const WORDS = REPLAY_WINDOW / WORD_BITS + 1;

/**
 * The sequence numbers that were received, as a ring of bits that is never shifted (RFC 6479). It takes the same small memory and time however
 * many numbers there are.
 */
export class ReplayWindow {
  /** Made with the first gap: without one all numbers up to the highest were seen, as on a stream that loses nothing. */
  #words: Uint32Array | undefined;
  #highest = -1;

  /** Whether `number` (0 to 2^53 − 2) was not seen and is not too old to tell. Changes nothing. */
  isFresh(number: number): boolean {
    if (number > this.#highest) return true;
    if (number <= this.#highest - REPLAY_WINDOW) return false;
    return this.#words !== undefined && (this.#words[wordOf(number)] & bitOf(number)) === 0;
  }

  /** Counts `number`, which is fresh, as seen. To be called when its packet has been authenticated, and not before. */
  add(number: number): void {
    if (!this.#words && number === this.#highest + 1) {
      this.#highest = number;
      return;
    }
    const words = (this.#words ??= this.#allSeen());
    if (number > this.#highest) {
      const top = Math.floor(this.#highest / WORD_BITS);
      const news = Math.min(Math.floor(number / WORD_BITS) - top, WORDS);
      for (let word = 1; word <= news; word++) words[(top + word) % WORDS] = 0;
      this.#highest = number;
    }
    words[wordOf(number)] |= bitOf(number);
  }

  /** Of all numbers up to the highest. */
  #allSeen(): Uint32Array {
    const words = new Uint32Array(WORDS).fill(0xffffffff);
    const above = (this.#highest + 1) % WORD_BITS;
    // What is above it in its word was not seen; in the other words it is made 0 when it comes to them.
    if (this.#highest < 0) words.fill(0);
    else if (above > 0) words[wordOf(this.#highest)] = 2 ** above - 1;
    return words;
  }
}

function wordOf(number: number): number {
  return Math.floor(number / WORD_BITS) % WORDS;
}

/** The operator takes the number modulo 32, beyond 32 bits too. */
function bitOf(number: number): number {
  return 1 << number;
}
