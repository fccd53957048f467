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
  readonly #words = new Uint32Array(WORDS);
  #highest = -1;

  /** Whether `number` (0 to 2^53 − 2) was not seen and is not too old to tell. Changes nothing. */
  isFresh(number: number): boolean {
    if (number > this.#highest) return true;
    if (number <= this.#highest - REPLAY_WINDOW) return false;
    return (this.#words[wordOf(number)] & bitOf(number)) === 0;
  }

  /** Counts `number`, which is fresh, as seen. To be called when its packet has been authenticated, and not before. */
  add(number: number): void {
    if (number > this.#highest) {
      const top = Math.floor(this.#highest / WORD_BITS);
      const news = Math.min(Math.floor(number / WORD_BITS) - top, WORDS);
      for (let word = 1; word <= news; word++) this.#words[(top + word) % WORDS] = 0;
      this.#highest = number;
    }
    this.#words[wordOf(number)] |= bitOf(number);
  }
}

function wordOf(number: number): number {
  return Math.floor(number / WORD_BITS) % WORDS;
}

/** The operator takes the number modulo 32, beyond 32 bits too. */
function bitOf(number: number): number {
  return 1 << number;
}
