/** Milliseconds of a clock that does not go back. Whole ones: an object that keeps a fraction keeps another object for it. */
export function sinceStartMs(): number {
  return Math.floor(performance.now());
}
