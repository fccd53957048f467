/** UTF-16 offsets of the lines of `text`, the first of which is at 0; a line ends with a line feed. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
