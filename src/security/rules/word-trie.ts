/**
 * Words and beginnings of words, each with the numbers of what it can fill. A text is walked through it a letter at a
 * time, without cutting a string: edges stand in one open-addressed table, so that any alphabet costs the same.
 */
export class WordTrie {
  /** Lists of numbers, one behind the other. */
  readonly items: Int32Array;
  /** `items` of a word that ends at node n: from `endAt[2n]` to `endAt[2n + 1]`. */
  readonly endAt: Int32Array;
  /** `items` of a word that leaves the trie behind node n, by the beginnings on its way. */
  readonly leaveAt: Int32Array;
  readonly #keys: Float64Array;
  readonly #children: Int32Array;
  readonly #mask: number;

  /**
   * @param words the numbers of each word; behind the beginning of words stands a `*`
   * @param order the order of the numbers of one word in its list
   */
  constructor(words: ReadonlyMap<string, readonly number[]>, order: (a: number, b: number) => number) {
    const nodes: BuildNode[] = [makeNode()];
    for (const [word, items] of words) {
      const isPrefix = word.endsWith("*");
      const length = isPrefix ? word.length - 1 : word.length;
      let node = nodes[0];
      for (let at = 0; at < length; at++) {
        const unit = word.charCodeAt(at);
        let child = node.children.get(unit);
        if (child === undefined) {
          child = nodes.length;
          nodes.push(makeNode());
          node.children.set(unit, child);
        }
        node = nodes[child];
      }
      if (isPrefix) node.prefixes = items;
      else node.words = items;
    }
    let size = 16;
    while (size < nodes.length * 2) size *= 2;
    this.#mask = size - 1;
    this.#keys = new Float64Array(size).fill(-1);
    this.#children = new Int32Array(size);
    this.endAt = new Int32Array(nodes.length * 2);
    this.leaveAt = new Int32Array(nodes.length * 2);
    const items: number[] = [];
    const append = (list: readonly number[]): Range => {
      for (const item of [...list].sort(order)) items.push(item);
      return [items.length - list.length, items.length];
    };
    // A child is made after its parent, so what a node inherits is complete when its turn comes.
    nodes.forEach((node, index) => {
      if (node.prefixes.length > 0) {
        node.inherited = [...node.prefixes, ...node.inherited];
        node.leave = append(node.inherited);
      }
      const end = node.words.length > 0 ? append([...node.words, ...node.inherited]) : node.leave;
      this.leaveAt.set(node.leave, index * 2);
      this.endAt.set(end, index * 2);
      for (const [unit, child] of node.children) {
        nodes[child].inherited = node.inherited;
        nodes[child].leave = node.leave;
        this.#insert(index, unit, child);
      }
    });
    this.items = Int32Array.from(items);
  }

  /** The node behind `node` on the letter `unit`; 0, the root, if there is none. */
  child(node: number, unit: number): number {
    const key = node * 0x10000 + unit;
    let slot = hash(node, unit) & this.#mask;
    for (;;) {
      const found = this.#keys[slot];
      if (found === key) return this.#children[slot];
      if (found < 0) return 0;
      slot = (slot + 1) & this.#mask;
    }
  }

  #insert(node: number, unit: number, child: number): void {
    let slot = hash(node, unit) & this.#mask;
    while (this.#keys[slot] >= 0) slot = (slot + 1) & this.#mask;
    this.#keys[slot] = node * 0x10000 + unit;
    this.#children[slot] = child;
  }
}

type Range = readonly [from: number, to: number];

interface BuildNode {
  readonly children: Map<number, number>;
  words: readonly number[];
  prefixes: readonly number[];
  /** The items of the beginnings that end at the node or in front of it, and where they stand. */
  inherited: readonly number[];
  leave: Range;
}

const NONE: readonly number[] = [];

function makeNode(): BuildNode {
  return { children: new Map(), words: NONE, prefixes: NONE, inherited: NONE, leave: [0, 0] };
}

function hash(node: number, unit: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
