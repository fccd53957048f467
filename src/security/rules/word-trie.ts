/** Words and beginnings of words, each with a list of what it can fill, as plain tables. Node 0 is the root. */
export interface TrieTables {
  /** For each node the node in front of it, which has a lower number, and the letter between the two. */
  readonly parents: Int32Array;
  readonly units: Uint16Array;
  /** Range of the list of a word that ends at node n, in all lists one behind the other: `endAt[2n]` to `endAt[2n + 1]`. */
  readonly endAt: Int32Array;
  /** That of a word that leaves the trie behind node n, by the beginnings on its way. */
  readonly leaveAt: Int32Array;
}

/**
 * Makes the tables, and the lists of all words one behind the other.
 * @param words the numbers of each word; behind the beginning of words stands a `*`
 * @param order the order of the numbers of one word in its list
 */
export function buildTrie(
  words: ReadonlyMap<string, readonly number[]>,
  order: (a: number, b: number) => number,
): { trie: TrieTables; items: readonly number[] } {
  const nodes: BuildNode[] = [makeNode(0, 0)];
  for (const [word, items] of words) {
    const isPrefix = word.endsWith("*");
    const length = isPrefix ? word.length - 1 : word.length;
    let index = 0;
    for (let at = 0; at < length; at++) {
      const unit = word.charCodeAt(at);
      let child = nodes[index].children.get(unit);
      if (child === undefined) {
        child = nodes.length;
        nodes.push(makeNode(index, unit));
        nodes[index].children.set(unit, child);
      }
      index = child;
    }
    if (isPrefix) nodes[index].prefixes = items;
    else nodes[index].words = items;
  }
  const items: number[] = [];
  const append = (list: readonly number[]): Range => {
    for (const item of [...list].sort(order)) items.push(item);
    return [items.length - list.length, items.length];
  };
  const endAt = new Int32Array(nodes.length * 2);
  const leaveAt = new Int32Array(nodes.length * 2);
  // A child is made after its parent, so what a node inherits is complete when its turn comes.
  nodes.forEach((node, index) => {
    if (index > 0) ({ inherited: node.inherited, leave: node.leave } = nodes[node.parent]);
    if (node.prefixes.length > 0) {
      node.inherited = [...node.prefixes, ...node.inherited];
      node.leave = append(node.inherited);
    }
    const end = node.words.length > 0 ? append([...node.words, ...node.inherited]) : node.leave;
    leaveAt.set(node.leave, index * 2);
    endAt.set(end, index * 2);
  });
  const parents = Int32Array.from(nodes, ({ parent }) => parent);
  const units = Uint16Array.from(nodes, ({ unit }) => unit);
  return { trie: { parents, units, endAt, leaveAt }, items };
}

/**
 * The way through a trie: a text is walked a letter at a time, without cutting a string. Nodes stand in one
 * open-addressed table by where they hang, so that any alphabet costs the same.
 */
export class WordTrie {
  readonly #parents: Int32Array;
  readonly #units: Uint16Array;
  /** Nodes; 0, the root, which hangs nowhere, where there is none. */
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor({ parents, units }: Pick<TrieTables, "parents" | "units">) {
    this.#parents = parents;
    this.#units = units;
    let size = 16;
    while (size < parents.length * 2) size *= 2;
    const slots = new Int32Array(size);
    const mask = size - 1;
    for (let node = 1; node < parents.length; node++) {
      let slot = hash(parents[node], units[node]) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = node;
    }
    this.#slots = slots;
    this.#mask = mask;
  }

  /** The node behind `node` on the letter `unit`; 0, the root, if there is none. */
  child(node: number, unit: number): number {
    let slot = hash(node, unit) & this.#mask;
    for (;;) {
      const found = this.#slots[slot];
      if (found === 0 || (this.#parents[found] === node && this.#units[found] === unit)) return found;
      slot = (slot + 1) & this.#mask;
    }
  }
}

type Range = readonly [from: number, to: number];

interface BuildNode {
  readonly parent: number;
  readonly unit: number;
  readonly children: Map<number, number>;
  words: readonly number[];
  prefixes: readonly number[];
  /** The items of the beginnings that end at the node or in front of it, and where they stand. */
  inherited: readonly number[];
  leave: Range;
}

const NONE: readonly number[] = [];

function makeNode(parent: number, unit: number): BuildNode {
  return { parent, unit, children: new Map(), words: NONE, prefixes: NONE, inherited: NONE, leave: [0, 0] };
}

function hash(node: number, unit: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
