/** Names of dated snapshots: where the date stands in them, and which of two snapshots is the older. */
import type { ModelCard } from "./card.js";

/**
 * What snapshots of one model end in: 2024-08-06, 20241022, 08-2024, 2411, 0613, 001, latest. Vertex AI puts a version before
 * a date: `-v2@20241022`.
 */
const SNAPSHOT =
  /(?:-v\d+(?=@))?[-@](20\d\d-?[01]\d-?[0-3]\d|[01]\d-20\d\d|2[0-9](?:0[1-9]|1[0-2])|[01]\d[0-3]\d|00\d|latest)$/;

/** A month and a day of a year that is not said. */
const DAY = /^[01]\d[0-3]\d$/;

export interface SnapshotName {
  /** The name without its last date. */
  readonly base: string;
  /** That date as it is spelled; absent if the name ends in none. */
  readonly date?: string;
}

/** `name` in two: `gpt-4o-2024-08-06` is `gpt-4o` and `2024-08-06`. `latest` and `001` are cut off, but are no dates. */
export function splitSnapshot(name: string): SnapshotName {
  const found = SNAPSHOT.exec(name);
  if (!found) return { base: name };
  const base = name.slice(0, found.index);
  return /^(?:00\d|latest)$/.test(found[1]) ? { base } : { base, date: found[1] };
}

/**
 * The name of the snapshot of `date`, which is none of those that `card` stands for, if it may be older than all of them;
 * `undefined` if it is later, or if no date of theirs is known. A date without a year may be older, unless it is one of theirs.
 */
export function olderSnapshot(card: ModelCard, date: string): string | undefined {
  const names = [card.id, ...card.aliases];
  const known = names.map(splitSnapshot).filter((one) => one.date !== undefined && names.includes(one.base));
  if (known.length === 0) return undefined;
  const dates = known.map((one) => comparable(one.date ?? ""));
  const years = dates.filter((one) => !DAY.test(one));
  const asked = comparable(date);
  const isLater = DAY.test(date)
    ? dates.some((one) => one.endsWith(asked))
    : years.length === 0 || years.some((one) => !isBefore(asked, one));
  return isLater ? undefined : `${known[0].base}-${date}`;
}

/** Of what has no day, the months are compared. */
function isBefore(date: string, other: string): boolean {
  const length = Math.min(date.length, other.length);
  return date.slice(0, length) < other.slice(0, length);
}

/** `20241120`, `202411` of what has no day, `0613` of what has no year. */
function comparable(date: string): string {
  if (/^\d\d-20/.test(date)) return `${date.slice(3)}${date.slice(0, 2)}`;
  const digits = date.replaceAll("-", "");
  return digits.length === 4 && !DAY.test(date) ? `20${digits}` : digits;
}
