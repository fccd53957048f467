/** Bytes of the strings whose occurrences are counted (`d` of COVER). */
const MER_BYTES = 8;
/** Bytes of the segments that a dictionary is put together from (`k` of COVER). */
const SEGMENT_BYTES = 192;
const TABLE_BITS = 20;

/**
 * A dictionary of segments that share the most strings with other samples: a plain form of COVER (Liao, Petri, Moffat,
 * Wirth: Effective Construction of Relative Lempel-Ziv Dictionaries, 2016), with counts in a hashed table. A string
 * counts once a sample, and not again once a segment with it was taken. The best segment stands last, where distances
 * are the shortest.
 * @returns at most `sizeBytes`; fewer if the samples have no more in common
 */
export function pickDictionary(samples: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const counts = countMers(samples);
  const content = Buffer.concat(samples);
  const epochs = Math.max(1, Math.floor(sizeBytes / SEGMENT_BYTES));
  const epochBytes = Math.max(SEGMENT_BYTES, Math.ceil(content.length / epochs));
  const segments: { start: number; end: number; score: number }[] = [];
  for (let start = 0; start < content.length; start += epochBytes) {
    const best = findSegment(content, start, Math.min(start + epochBytes, content.length), counts);
    if (best.score === 0) continue;
    segments.push(best);
    for (let at = best.start; at + MER_BYTES <= best.end; at++) counts[hashMer(content, at)] = 0;
  }
  const taken: Uint8Array[] = [];
  let room = sizeBytes;
  for (const { start, end } of segments.sort((a, b) => b.score - a.score)) {
    if (room === 0) break;
    const segment = content.subarray(start, Math.min(end, start + room));
    taken.unshift(segment);
    room -= segment.length;
  }
  return Buffer.concat(taken);
}

/** In how many samples beyond the first each string occurs, by its hash. */
function countMers(samples: readonly Uint8Array[]): Uint32Array {
  const counts = new Uint32Array(2 ** TABLE_BITS);
  const lastSample = new Int32Array(counts.length).fill(-1);
  samples.forEach((sample, index) => {
    for (let at = 0; at + MER_BYTES <= sample.length; at++) {
      const hash = hashMer(sample, at);
      if (lastSample[hash] >= 0 && lastSample[hash] !== index) counts[hash]++;
      lastSample[hash] = index;
    }
  });
  return counts;
}

/** The segment between `start` and `end` with the highest sum of counts. */
function findSegment(content: Uint8Array, start: number, end: number, counts: Uint32Array) {
  const length = Math.min(SEGMENT_BYTES, end - start);
  const mers = length - MER_BYTES + 1;
  let score = 0;
  const best = { start, end: start + length, score: 0 };
  for (let at = start; at + MER_BYTES <= end; at++) {
    score += counts[hashMer(content, at)];
    if (at - start >= mers) score -= counts[hashMer(content, at - mers)];
    if (score > best.score) {
      best.start = Math.max(start, at - mers + 1);
      best.end = best.start + length;
      best.score = score;
    }
  }
  return best;
}

function hashMer(bytes: Uint8Array, at: number): number {
  const low = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  const high = bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24);
  const mixed = Math.imul(Math.imul(low, 0x9e3779b1) ^ high, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> (32 - TABLE_BITS);
}
