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
  /** Numbers of the literals that end in a state, from `#outputAt[state]` to `#outputAt[state + 1]`. */
  readonly #outputs: Int32Array;
  readonly #outputAt: Int32Array;

  /** @param literals lower-case ASCII, none empty, together at most 60,000 characters */
  constructor(literals: readonly string[]) {
    let classCount = 1;
    for (const literal of literals)
      for (const character of literal) {
        const code = character.charCodeAt(0);
        if (this.#classOf[code] === 0) this.#classOf[code] = classCount++;
      }
    for (let code = 0x41; code <= 0x5a; code++) this.#classOf[code] = this.#classOf[code + 0x20];
    this.#classCount = classCount;
    const states = makeStates(literals, (code) => this.#classOf[code]);
    this.#next = new Uint16Array(states.length * classCount);
    this.#outputAt = new Int32Array(states.length + 1);
    const outputs = this.#connect(states);
    outputs.forEach((list, state) => {
      this.#outputAt[state + 1] = this.#outputAt[state] + list.length;
    });
    this.#outputs = Int32Array.from(outputs.flat());
  }

  /** Calls `found` with the number of each literal and the offset behind it, in the order of their ends. */
  scan(text: string, found: (literal: number, end: number) => void): void {
    const next = this.#next;
    const classOf = this.#classOf;
    const classCount = this.#classCount;
    let state = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      state = code < ASCII ? next[state * classCount + classOf[code]] : 0;
      const to = this.#outputAt[state + 1];
      for (let item = this.#outputAt[state]; item < to; item++) found(this.#outputs[item], at + 1);
    }
  }

  /** Fills the table breadth first; returns the outputs of each state, those of its suffixes included. */
  #connect(states: readonly State[]): number[][] {
    const failures = new Int32Array(states.length);
    const outputs = states.map(({ literals }) => literals);
    const queue = [0];
    for (let index = 0; index < queue.length; index++) {
      const state = queue[index];
      const row = state * this.#classCount;
      const fallback = failures[state] * this.#classCount;
      if (state !== 0) outputs[state] = [...outputs[state], ...outputs[failures[state]]];
      for (let cls = 0; cls < this.#classCount; cls++) {
        const child = states[state].children.get(cls);
        const other = state === 0 ? 0 : this.#next[fallback + cls];
        this.#next[row + cls] = child ?? other;
        if (child !== undefined) {
          failures[child] = other;
          queue.push(child);
        }
      }
    }
    return outputs;
  }
}

interface State {
  readonly children: Map<number, number>;
  readonly literals: number[];
}

function makeStates(literals: readonly string[], classOf: (code: number) => number): State[] {
  const states: State[] = [{ children: new Map(), literals: [] }];
  literals.forEach((literal, number) => {
    let state = states[0];
    for (let at = 0; at < literal.length; at++) {
      const cls = classOf(literal.charCodeAt(at));
      let child = state.children.get(cls);
      if (child === undefined) {
        child = states.length;
        states.push({ children: new Map(), literals: [] });
        state.children.set(cls, child);
      }
      state = states[child];
    }
    state.literals.push(number);
  });
  return states;
}
