/** The code tree of each previous byte, as canonical Huffman codes. */
export interface CodeTrees {
  /** Bits of the code, by previous byte * 256 + byte. */
  readonly lengths: Uint8Array;
  readonly codes: Uint32Array;
  /** By previous byte * 256 + node: what follows a 0 and a 1: a node, or -1 - byte at a leaf. Node 0 is the root. */
  readonly zeroes: Int16Array;
  readonly ones: Int16Array;
}

export const MAX_CODE_BITS = 22;

/** The tree of text that is as good as random; the others are numbered by the previous byte. */
export const RANDOM_TREE = 256;
export const TREE_VALUES = 257 * 256;

/** The trees of canonical codes (shorter first, then by value) with these lengths. */
export function growTrees(lengths: Uint8Array): CodeTrees {
  const codes = new Uint32Array(TREE_VALUES);
  const zeroes = new Int16Array(TREE_VALUES);
  const ones = new Int16Array(TREE_VALUES);
  const counts = new Int32Array(MAX_CODE_BITS + 2);
  const next = new Int32Array(MAX_CODE_BITS + 2);
  for (let base = 0; base < TREE_VALUES; base += 256) {
    counts.fill(0);
    for (let byte = 0; byte < 256; byte++) counts[lengths[base + byte]]++;
    let code = 0;
    for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
      next[bits] = code;
      code = (code + counts[bits]) << 1;
    }
    let nodes = 1;
    for (let byte = 0; byte < 256; byte++) {
      const bits = lengths[base + byte];
      const own = next[bits]++;
      codes[base + byte] = own;
      let node = 0;
      for (let shift = bits - 1; shift > 0; shift--) {
        const children = ((own >>> shift) & 1) === 0 ? zeroes : ones;
        if (children[base + node] === 0) children[base + node] = nodes++;
        node = children[base + node];
      }
      ((own & 1) === 0 ? zeroes : ones)[base + node] = -1 - byte;
    }
  }
  return { lengths, codes, zeroes, ones };
}
