import { MAX_CODE_BITS, RANDOM_TREE, TREE_VALUES } from "../../src/codec/context/binarisation/code-trees.js";
import { mayLearn, type Message } from "./corpus.js";

/** Lengths of a Huffman code for each previous byte, by how often bytes follow each other. `[256, 256]` */
export function learnCodeLengths(messages: readonly Message[], limit: number): Uint8Array {
  const singles = new Float64Array(256).fill(0.02);
  const pairs = new Float64Array(65536);
  for (const message of messages) {
    const { bytes } = message;
    const end = Math.min(limit, bytes.length);
    for (let i = 0, last = 0; i < end; last = bytes[i], i++) {
      if (!mayLearn(message, i, 1)) continue;
      singles[bytes[i]]++;
      pairs[last * 256 + bytes[i]]++;
    }
  }
  const total = singles.reduce((sum, value) => sum + value);
  const lengths = new Uint8Array(TREE_VALUES);
  for (let last = 0; last < 256; last++) {
    const weights = Array.from(
      singles,
      (single, byte) => pairs[last * 256 + byte] + (2 * single) / total + 1e-4,
    );
    lengths.set(huffmanLengths(weights), last * 256);
  }
  // Letters and digits alike, then what may end such a text.
  const random = Array.from(singles, (single) => (10 * single) / total + 1e-3);
  for (const characters of ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"]) {
    for (const character of characters) random[character.charCodeAt(0)] += 10;
  }
  for (const character of '-_+/="') random[character.charCodeAt(0)] += 3;
  lengths.set(huffmanLengths(random), RANDOM_TREE * 256);
  return lengths;
}

interface Node {
  readonly weight: number;
  readonly byte: number;
  readonly children?: readonly [Node, Node];
}

/** Lengths of an optimal code of at most `MAX_CODE_BITS`; weights are flattened until it fits. */
function huffmanLengths(weights: readonly number[]): Uint8Array {
  const leaves: Node[] = weights
    .map((weight, byte) => ({ weight, byte }))
    .sort((a, b) => a.weight - b.weight || a.byte - b.byte);
  const inner: Node[] = [];
  const take = (): Node =>
    inner.length === 0 || (leaves.length > 0 && leaves[0].weight <= inner[0].weight)
      ? leaves.shift()!
      : inner.shift()!;
  while (leaves.length + inner.length > 1) {
    const a = take();
    const b = take();
    inner.push({ weight: a.weight + b.weight, byte: -1, children: [a, b] });
  }
  const lengths = new Uint8Array(256);
  const visit = (node: Node, depth: number): void => {
    if (node.children) for (const child of node.children) visit(child, depth + 1);
    else lengths[node.byte] = depth;
  };
  visit(inner[0], 0);
  if (Math.max(...lengths) <= MAX_CODE_BITS) return lengths;
  const total = weights.reduce((sum, weight) => sum + weight);
  return huffmanLengths(weights.map((weight) => weight + total / 5e5));
}
