/** Shorter contents say too little of what their bytes are like. */
const MIN_BYTES = 64;
/** Pairs of equal bytes among as many: two bytes of a text are equal once in 20 pairs, of Base64 once in 64, of random bytes once in 256. */
const PAIRS_A_MATCH = 180;

/**
 * Whether the bytes are as good as random, so that no model of single bytes makes them shorter: compressed, encrypted or drawn. Told by how
 * often two of them are equal (the collision entropy: less than once in 180 pairs is more than 7.49 bits a byte).
 */
export function looksRandom(content: Uint8Array): boolean {
  const { length } = content;
  if (length < MIN_BYTES) return false;
  const counts = new Float64Array(256);
  for (let at = 0; at < length; at++) counts[content[at]]++;
  let equalPairs = 0;
  for (const count of counts) equalPairs += count * (count - 1);
  return equalPairs * PAIRS_A_MATCH < length * (length - 1);
}
