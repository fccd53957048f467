/** Classes of characters: 0 for what is in no literal. */
const ASCII = 128;

/**
 * Finds the occurrences of many ASCII texts in one pass, case ignored (Aho and Corasick, Efficient string matching,
 * CACM 18, 1975), as a full table: one look-up a character.
 */
export class LiteralAutomaton {
  readonly #classOf = new Uint8Array(ASCII);
  readonly #classCount: number;
  readonly #next: Uint16Array;
  /** The first literal that ends in a state, and for a literal the next one that ends there too: plus one, 0 for none. */
  readonly #firstOf: Uint16Array;
  readonly #another: Uint16Array;
  /** The longest suffix of a state in which a literal ends; 0 if there is none. */
  readonly #shorter: Uint16Array;

  /** @param literals lower-case ASCII, none empty, together at most 60,000 characters */
  constructor(literals: readonly string[]) {
    let classCount = 1;
    let maxStates = 1;
    for (const literal of literals) {
      maxStates += literal.length;
      for (let at = 0; at < literal.length; at++) {
        const code = literal.charCodeAt(at);
        if (this.#classOf[code] === 0) this.#classOf[code] = classCount++;
      }
    }
    for (let code = 0x41; code <= 0x5a; code++) this.#classOf[code] = this.#classOf[code + 0x20];
    this.#classCount = classCount;
    this.#next = new Uint16Array(maxStates * classCount);
    this.#firstOf = new Uint16Array(maxStates);
    this.#another = new Uint16Array(literals.length);
    this.#shorter = new Uint16Array(maxStates);
    this.#insert(literals);
    this.#connect(maxStates);
  }

  /** Calls `found` with the number of each literal and the offset behind it, in the order of their ends. */
  scan(text: string, found: (literal: number, end: number) => void): void {
    const next = this.#next;
    const classOf = this.#classOf;
    const classCount = this.#classCount;
    const firstOf = this.#firstOf;
    const shorter = this.#shorter;
    let state = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      state = code < ASCII ? next[state * classCount + classOf[code]] : 0;
      for (let ends = firstOf[state] === 0 ? shorter[state] : state; ends !== 0; ends = shorter[ends])
        for (let literal = firstOf[ends]; literal !== 0; literal = this.#another[literal - 1])
          found(literal - 1, at + 1);
    }
  }

  /** The literals as a tree: a state a beginning. */
  #insert(literals: readonly string[]): void {
    let stateCount = 1;
    // From the last on, so that the first of those that end in one state is found first.
    for (let number = literals.length - 1; number >= 0; number--) {
      const literal = literals[number];
      let state = 0;
      for (let at = 0; at < literal.length; at++) {
        const edge = state * this.#classCount + this.#classOf[literal.charCodeAt(at)];
        if (this.#next[edge] === 0) this.#next[edge] = stateCount++;
        state = this.#next[edge];
      }
      this.#another[number] = this.#firstOf[state];
      this.#firstOf[state] = number + 1;
    }
  }

  /** Fills the gaps of the tree breadth first with what the longest suffix of a state does. */
  #connect(maxStates: number): void {
    const next = this.#next;
    const classCount = this.#classCount;
    const suffixes = new Uint16Array(maxStates);
    const queue = new Uint16Array(maxStates);
    let queued = 1;
    for (let index = 0; index < queued; index++) {
      const state = queue[index];
      const row = state * classCount;
      const suffixRow = suffixes[state] * classCount;
      for (let cls = 1; cls < classCount; cls++) {
        const child = next[row + cls];
        const other = state === 0 ? 0 : next[suffixRow + cls];
        if (child === 0) next[row + cls] = other;
        else {
          suffixes[child] = other;
          this.#shorter[child] = this.#firstOf[other] === 0 ? this.#shorter[other] : other;
          queue[queued++] = child;
        }
      }
    }
  }
}
