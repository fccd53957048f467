/**
 * How many of `count` places, from the first, `isBefore` is true of: it is true up to one place and false behind it. Binary search.
 * @param count whole number from 0
 */
export function partitionPoint(count: number, isBefore: (index: number) => boolean): number {
  let low = 0;
  for (let high = count; low < high;) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
