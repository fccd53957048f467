/** Requests a second, from the lowest to the highest that were seen. */
export type PublishedFigure = readonly [low: number, high: number];

/** What the published server (Rust, m2m-protocol 0.4.0) did by `wrk -t1 -c16` on a machine of two cores. */
export const PUBLISHED_SERVER: Readonly<Record<string, PublishedFigure>> = {
  health: [52_000, 76_000],
  "token-native, 294 B": [15_100, 15_100],
  "token-native, 18.7 KB": [440, 440],
  "m2m, 294 B": [12_500, 15_500],
  "m2m, 18.7 KB": [2100, 2600],
  "brotli, 294 B": [1100, 1600],
  "brotli, 18.7 KB": [90, 90],
  "scan, 294 B": [34_000, 38_000],
  "scan, 18.7 KB": [7800, 9200],
};
