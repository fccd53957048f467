import type { Segment } from "./types.js";

/** A part of a segment that is judged at a time: the whole of it, unless it is long. */
export interface Slice {
  readonly segment: Segment;
  /** Where it begins in the segment's text, in UTF-16 units. */
  readonly start: number;
  readonly text: string;
}

/** Some milliseconds of work. */
const SLICE_UNITS = 32 * 1024;
/** What stands at the border of two slices stands whole in one of them. */
const OVERLAP_UNITS = 1024;

/** The slices of a segment, in order. A pair of surrogates stays together. */
export function slicesOf(segment: Segment): Slice[] {
  const { text } = segment;
  if (text.length <= SLICE_UNITS) return [{ segment, start: 0, text }];
  const slices: Slice[] = [];
  for (let start = 0; ;) {
    const end = borderAt(text, start + SLICE_UNITS);
    slices.push({ segment, start, text: text.slice(start, end) });
    if (end >= text.length) return slices;
    start = borderAt(text, end - OVERLAP_UNITS);
  }
}

function borderAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
