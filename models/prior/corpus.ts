import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A message that is learnt from. */
export interface Message {
  /** `owner/name` */
  /** `owner/name:path` */
  readonly source: string;
  readonly repository: string;
  readonly kind: string;
  readonly exact: boolean;
  readonly bytes: Uint8Array;
  /**
   * For each byte, how many directly before it stand in the same JSON string, its opening quote included (negative in a key); 0: the
   * byte is not learnt. Absent: everything is. Of rebuilt messages only what stands in strings is believed: the order
   * of keys and the space between them are not the original's.
   */
  readonly spans?: Int16Array;
}

/** The messages of a file of JSON lines (`source`, `kind`, `exact`, `body`), gzipped or not. */
export function readMessages(path: string): Message[] {
  const file = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(file) : file).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const record = JSON.parse(line) as { source: string; kind: string; exact: boolean; body: string };
      const bytes = Buffer.from(record.body, "utf8");
      return {
        source: record.source,
        repository: record.source.split(":")[0],
        kind: record.kind,
        exact: record.exact,
        bytes,
        spans: record.exact ? undefined : findStrings(bytes),
      };
    });
}

function findStrings(bytes: Uint8Array): Int16Array {
  const spans = new Int16Array(bytes.length);
  let start = -1;
  for (let i = 0; i < bytes.length; i++) {
    if (start < 0) {
      if (bytes[i] === 34) start = i;
      continue;
    }
    spans[i] = Math.min(i - start, 32767);
    if (bytes[i] === 92 && i + 1 < bytes.length) {
      i++;
      spans[i] = Math.min(i - start, 32767);
    } else if (bytes[i] === 34) {
      let next = i + 1;
      while (next < bytes.length && bytes[next] <= 32) next++;
      if (bytes[next] === 58) for (let j = start + 1; j <= i; j++) spans[j] = -spans[j];
      start = -1;
    }
  }
  return spans;
}

/** Whether the byte at `at` and the `order` bytes before it may be learnt from together. */
export function mayLearn({ spans }: Message, at: number, order: number): boolean {
  return spans === undefined || (spans[at] !== 0 && Math.abs(spans[at]) >= order);
}

/** A seeded generator (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffle<T>(values: T[], random: () => number): T[] {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [values[i], values[j]] = [values[j], values[i]];
  }
  return values;
}

/** Repositories in `count` groups of about as many bytes, by seed. */
export function splitRepositories(messages: readonly Message[], count: number, seed: number): Set<string>[] {
  const sizes = new Map<string, number>();
  for (const { repository, bytes } of messages)
    sizes.set(repository, (sizes.get(repository) ?? 0) + Math.min(bytes.length, 6000));
  const random = createRandom(seed);
  const order = shuffle([...sizes.keys()].sort(), random).sort((a, b) => sizes.get(b)! - sizes.get(a)!);
  const groups = Array.from({ length: count }, () => ({ size: 0, members: new Set<string>() }));
  for (const repository of order) {
    const least = groups.reduce((a, b) => (b.size < a.size ? b : a));
    least.members.add(repository);
    least.size += sizes.get(repository)!;
  }
  return groups.map(({ members }) => members);
}
