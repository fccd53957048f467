import { formatMs, quantile, table, type CorpusBody } from "../support.js";
import { bucketOf, BUCKETS } from "./buckets.js";
import type { Measured, Timed } from "./measure.js";
import type { SessionTotals } from "./sessions.js";
import type { StreamTotals } from "./streams.js";

/** What every ratio is compared with beside the original. */
export const YARDSTICK = "brotli 11";
const KILOBYTE = 1024;

export interface Group {
  readonly name: string;
  /** Which messages, by their place in the corpus. */
  readonly members: readonly number[];
}

/** The messages by size, those up to 4 KB, and all; groups without messages are left out. */
export function groupBySize(bodies: readonly CorpusBody[]): { buckets: Group[]; small: Group; all: Group } {
  const indices = bodies.map((_, index) => index);
  const sizeOf = (index: number): number => bodies[index].bytes.length;
  const buckets = BUCKETS.map(({ name }, bucket) => ({
    name,
    members: indices.filter((index) => bucketOf(sizeOf(index)) === bucket),
  }));
  return {
    buckets: buckets.filter(({ members }) => members.length > 0),
    small: { name: "up to 4 KB", members: indices.filter((index) => sizeOf(index) <= 4096) },
    all: { name: "all", members: indices },
  };
}

/** Compressed / original bytes of the messages of a group together. */
export function ratioOf({ wires }: Measured, bodies: readonly CorpusBody[], { members }: Group): number {
  const original = sum(members.map((index) => bodies[index].bytes.length));
  return sum(members.map((index) => wires[index].length)) / original;
}

/** Ratios of all formats, a column a group. */
export function ratioTable(
  measured: readonly Measured[],
  bodies: readonly CorpusBody[],
  groups: readonly Group[],
): string {
  const header = ["format", ...groups.map(({ name, members }) => `${name} (${members.length})`)];
  const rows = measured.map((one) => [
    one.format.name,
    ...groups.map((group) => ratioOf(one, bodies, group).toFixed(3)),
  ]);
  return table(header, rows);
}

/** The smallest of ours beside the smallest of all others, a row a group: where this project loses stands here too. */
export function smallestTable(
  measured: readonly Measured[],
  bodies: readonly CorpusBody[],
  groups: readonly Group[],
): string {
  const rows = groups.map((group) => {
    const smallest = (ours: boolean) => {
      const ratios = measured
        .filter(({ format }) => (format.ours ?? false) === ours)
        .map((one) => ({ name: one.format.name, ratio: ratioOf(one, bodies, group) }));
      return ratios.reduce((best, next) => (next.ratio < best.ratio ? next : best));
    };
    const [own, other] = [smallest(true), smallest(false)];
    return [
      group.name,
      `${own.name}, ${own.ratio.toFixed(3)}`,
      `${other.name}, ${other.ratio.toFixed(3)}`,
      (own.ratio / other.ratio).toFixed(2),
    ];
  });
  return table(["size", "smallest of this project", "smallest of the others", "one / other"], rows);
}

/** Bytes and times of all formats over the messages of one group. */
export function groupTable(
  measured: readonly Measured[],
  timed: readonly Timed[],
  bodies: readonly CorpusBody[],
  group: Group,
): string {
  const yardstick = measured.find(({ format }) => format.name === YARDSTICK)!;
  const base = ratioOf(yardstick, bodies, group);
  const rows = measured.map((one, index) => {
    const ratio = ratioOf(one, bodies, group);
    const { compressMs, decompressMs } = timed[index];
    return [
      one.format.name,
      sum(group.members.map((member) => one.wires[member].length)),
      ratio.toFixed(3),
      (ratio / base).toFixed(2),
      ...timeCells(compressMs, bodies, group),
      ...timeCells(decompressMs, bodies, group),
    ];
  });
  const times = (act: string): string[] => [`${act} p50 ms`, "p99", "ms/KB"];
  return table(
    ["format", "bytes", "of original", `of ${YARDSTICK}`, ...times("compress"), ...times("decompress")],
    rows,
  );
}

/** Milliseconds per KB (1,024 bytes) of each message that the format carries. */
export function msPerKilobyte(
  times: readonly number[],
  bodies: readonly CorpusBody[],
  { members }: Group,
): number[] {
  const carried = members.filter((member) => !Number.isNaN(times[member]));
  return carried.map((member) => (times[member] * KILOBYTE) / bodies[member].bytes.length);
}

/** How time grows with size, and memory. */
export function speedTable(
  measured: readonly Measured[],
  timed: readonly Timed[],
  bodies: readonly CorpusBody[],
  group: Group,
  memoryMiB: readonly number[],
): string {
  const rows = measured.map(({ format }, index) => {
    const { compressMs, decompressMs } = timed[index];
    const cells = [compressMs, decompressMs].flatMap((times) => {
      const perKilobyte = msPerKilobyte(times, bodies, group);
      return [quantile(perKilobyte, 0.5), quantile(perKilobyte, 0.99)].map(formatMs);
    });
    return [format.name, ...cells, memoryMiB[index].toFixed(1)];
  });
  return table(["format", "compress ms/KB p50", "p99", "decompress ms/KB p50", "p99", "memory MiB"], rows);
}

export function streamTable(totals: readonly StreamTotals[], eventCount: number, eventBytes: number): string {
  const base = totals[0].wireBytes;
  const rows = totals.map(({ name, wireBytes }) => [
    name,
    (wireBytes / eventCount).toFixed(1),
    (wireBytes / eventBytes).toFixed(3),
    (wireBytes / base).toFixed(2),
  ]);
  return table(["format", "bytes an event", "of original", `of ${totals[0].name}`], rows);
}

export function sessionTable(
  totals: readonly SessionTotals[],
  conversations: readonly (readonly Uint8Array[])[],
): string {
  const original = sum(conversations.flat().map(({ length }) => length));
  const base = totals.find(({ name }) => name.startsWith(YARDSTICK))!;
  const rows = totals.map(({ name, firstBytes, laterBytes }) => [
    name,
    ((firstBytes + laterBytes) / conversations.length).toFixed(0),
    ((firstBytes + laterBytes) / original).toFixed(3),
    ((firstBytes + laterBytes) / (base.firstBytes + base.laterBytes)).toFixed(2),
    laterBytes,
    (laterBytes / base.laterBytes).toFixed(2),
  ]);
  return table(
    [
      "format",
      "bytes a conversation",
      "of original",
      `of ${YARDSTICK}`,
      "turns after the first, bytes",
      `of ${YARDSTICK}`,
    ],
    rows,
  );
}

function timeCells(times: readonly number[], bodies: readonly CorpusBody[], { members }: Group): string[] {
  const carried = members.filter((member) => !Number.isNaN(times[member]));
  if (carried.length === 0) return ["", "", ""];
  const chosen = carried.map((member) => times[member]);
  const kilobytes = sum(carried.map((member) => bodies[member].bytes.length)) / KILOBYTE;
  return [quantile(chosen, 0.5), quantile(chosen, 0.99), sum(chosen) / kilobytes].map(formatMs);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
