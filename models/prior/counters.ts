import type { PackedCounters } from "../../src/codec/context/prior/counter-states.js";
import { STATE_COUNTS, STATE_PROBABILITIES } from "../../src/codec/context/prior/counter-states.js";
import type { NodeCounts } from "./counting.js";

/** Filled slots of a bucket when shipped: one is left for what a message brings. */
const FILLED = 3;

/** Keeps the `limit` counters of most worth. */
export function packCounters(
  counts: NodeCounts,
  lineBits: number,
  limit: number,
  worthOf: (at: number) => number,
): PackedCounters {
  const worths = new Float32Array(counts.keys.length);
  const order: number[] = [];
  for (let at = 0; at < counts.keys.length; at++) {
    if (counts.counts[at] === 0 || counts.messages[at] < 2) continue;
    worths[at] = worthOf(at);
    if (worths[at] > 0) order.push(at);
  }
  const sorted = Int32Array.from(order).sort((a, b) => worths[b] - worths[a] || a - b);
  const buckets = 4 << lineBits;
  const filled = new Uint8Array(buckets);
  const checks = new Uint8Array(buckets * FILLED);
  const states = new Uint8Array(buckets * FILLED);
  const steps = Array.from({ length: STATE_PROBABILITIES }, (_, i) => i * 132 - 2044);
  const probabilities = Uint16Array.from(steps, (step) =>
    Math.min(65500, Math.max(30, Math.round(65536 / (1 + Math.exp(-step / 256))))),
  );
  let kept = 0;
  for (const at of sorted) {
    if (kept >= limit) break;
    const key = counts.keys[at];
    const place = key & 0x7fff;
    const bucket = ((key >>> 15) << 2) | (place & 3);
    if (filled[bucket] >= FILLED) continue;
    const check = ((((place >>> 2) & 255) * 255) >> 8) + 1;
    const first = bucket * FILLED;
    if (checks.subarray(first, first + filled[bucket]).includes(check)) continue;
    const p = Math.min(65530, Math.max(6, counts.probabilities[at])) / 65536;
    const stretched = 256 * Math.log(p / (1 - p));
    const step = Math.max(0, Math.min(STATE_PROBABILITIES - 1, Math.round((stretched + 2044) / 132)));
    let count = 0;
    while (count < 7 && STATE_COUNTS[count + 1] <= counts.counts[at]) count++;
    checks[first + filled[bucket]] = check;
    states[first + filled[bucket]] = (step << 3) | count;
    filled[bucket]++;
    kept++;
  }
  const fill = new Uint8Array(buckets / 4);
  const packedChecks: number[] = [];
  const packedStates: number[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    fill[bucket >> 2] |= filled[bucket] << ((bucket & 3) << 1);
    for (let i = bucket * FILLED; i < bucket * FILLED + filled[bucket]; i++) {
      packedChecks.push(checks[i]);
      packedStates.push(states[i]);
    }
  }
  return {
    lineBits,
    fill,
    checks: Uint8Array.from(packedChecks),
    states: Uint8Array.from(packedStates),
    probabilities,
  };
}
