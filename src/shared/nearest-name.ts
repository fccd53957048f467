/** Longest name that is compared: the distance takes time in the product of both lengths. */
const MAX_LENGTH = 100;

/**
 * The names of `known` that `name` is most likely a slip of, nearest first, at most `limit`.
 * A slip is at most a third of the letters wrong; letter case does not count.
 */
export function nearestNames(name: string, known: Iterable<string>, limit = 3): string[] {
  const wanted = name.toLowerCase();
  if (wanted.length === 0 || wanted.length > MAX_LENGTH) return [];
  const found: { candidate: string; distance: number }[] = [];
  for (const candidate of known) {
    const most = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    if (Math.abs(wanted.length - candidate.length) > most) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance <= most) found.push({ candidate, distance });
  }
  // Array.prototype.sort is stable: names at the same distance stay in the order of `known`.
  found.sort((a, b) => a.distance - b.distance);
  return found.slice(0, limit).map(({ candidate }) => candidate);
}

/** `a, b or c`, for a question. */
export function joinOr(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names[names.length - 1]}`;
}

/** Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours each count one. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, before[j - 2] + 1);
      }
      current.push(least);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length];
}
