/** The line of a context's node, from the context's hash. `group` tells nodes deeper in the tree apart. */
export function lineOf(seed: number, group: number, shift: number): number {
  if (group === 0) return (seed >>> shift) << 4;
  let h = (seed + group) | 0;
  h = Math.imul(h ^ (h >>> 15), 0x7feb352d);
  return ((h ^ (h >>> 13)) >>> shift) << 4;
}

/** 24 bits that tell a context's node from the others in its line: 2 choose the bucket, 8 are its check. */
export function placeOf(seed: number, nodeHash: number): number {
  const q = seed ^ nodeHash;
  const h = Math.imul(q ^ (q >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 8;
}

/** The check of a place as it stands in a slot: never 0. */
export function checkOf(place: number): number {
  return (((((place >>> 2) & 255) * 255) >> 8) + 1) << 8;
}

export function hashOfNode(node: number): number {
  return Math.imul(node, 0x9e3779b1);
}

/** Three levels of the tree share a line. */
export function groupOf(node: number, depth: number): number {
  return depth < 3 ? 0 : Math.imul(node >>> (depth % 3), 0x58f38ded);
}
