/** A range of message sizes: from the end of the one before, in bytes, up to and without `end`. */
export interface Bucket {
  readonly name: string;
  readonly end: number;
}

export const BUCKETS: readonly Bucket[] = [
  { name: "< 100 B", end: 100 },
  { name: "100-300", end: 300 },
  { name: "300-1K", end: 1024 },
  { name: "1-4K", end: 4096 },
  { name: "4-16K", end: 16384 },
  { name: "> 16K", end: Infinity },
];

/** Index in `BUCKETS` of a message of `sizeBytes`. */
export function bucketOf(sizeBytes: number): number {
  return BUCKETS.findIndex(({ end }) => sizeBytes < end);
}
