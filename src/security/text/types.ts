/** A text as a reader would take it after undoing one disguise. */
export interface TextView {
  readonly text: string;
  /** What was undone, outermost first; empty for the text itself. */
  readonly layers: readonly string[];
  /** UTF-16 range in the original text that the range [start, end) of this view comes from. */
  toSource(start: number, end: number): { start: number; end: number };
}
