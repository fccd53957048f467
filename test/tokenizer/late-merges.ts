import { readFileSync } from "node:fs";
import type { BpeEncodingName } from "../../src/shared/encodings.js";
import { openRankTable, type RankTable } from "../../src/tokenizer/rank-table.js";

/** The built rank table of an encoding. */
export function rankTableOf(encoding: BpeEncodingName): RankTable {
  return openRankTable(readFileSync(new URL(`../../dist/ranks/${encoding}.bin`, import.meta.url)));
}

/**
 * Tokens that rank below one of the two they are merged from. Repeated, they make the merges of one rank wait for those
 * of a lower one again and again, which is where an implementation easily becomes slow or takes the wrong order.
 */
export function lateMerges({ pairs, offsets, blob }: RankTable): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let slot = 0; slot < pairs.length; slot += 2) {
    const [first, second] = [pairs[slot], pairs[slot + 1]];
    if (second === 0) continue;
    const left = first & 0x3ffff;
    const right = (first >>> 18) | (((second >>> 18) & 15) << 14);
    const merged = second & 0x3ffff;
    if (merged < left || merged < right) found.push(blob.slice(offsets[merged], offsets[merged + 1]));
  }
  return found;
}
