import type { Segment, SegmentContext, SegmentPart } from "../types.js";

/** A string on its way to be a segment. */
export interface FoundText {
  text: string;
  context: SegmentContext;
  pointer: string;
  offset: number;
  layers: readonly string[];
}

/** Shorter strings are no segment of their own. */
const MIN_UNITS = 4;
/** Strings of data up to this long are judged together with their neighbours only. */
const SHORT_UNITS = 48;
/** Strings up to this long are also joined with their neighbours, for a sentence may be split over them. */
const JOINABLE_UNITS = 400;
/** Above this many segments further strings are only joined. */
const MAX_SEGMENTS = 2000;
const MAX_JOINED_UNITS = 8192;

/** Makes segments of strings: each alone, and neighbours together. */
export class SegmentCollector {
  readonly segments: Segment[] = [];
  /** Strings of data that are too short to be judged alone. */
  #overflow: FoundText[] = [];

  /** A string of a message: a segment of its own, however short its neighbours. */
  add(found: FoundText): void {
    if (this.segments.length >= MAX_SEGMENTS) this.#overflow.push(found);
    else if (found.text.length >= MIN_UNITS) this.segments.push(alone(found));
  }

  /** Strings of one object or array, or the parts of one message, in order. `isData`: short ones are only joined. */
  addNeighbours(found: readonly FoundText[], isData: boolean): void {
    const joinable = found.filter(({ text }) => text.length <= JOINABLE_UNITS && text.length > 0);
    const joins = joinable.length > 1;
    for (const one of found) {
      const short =
        one.text.length < SHORT_UNITS || (one.text.length <= JOINABLE_UNITS && !/\s/u.test(one.text));
      if (!(joins && isData && short)) this.add(one);
    }
    if (joins) this.#join(joinable, !isData);
  }

  /** What is said in pieces, as it is read: one text, without anything between them. */
  addStream(pieces: readonly FoundText[]): void {
    const segment = joined(pieces, () => "");
    if (this.segments.length >= MAX_SEGMENTS) this.#overflow.push({ ...pieces[0], text: segment.text });
    else if (segment.text.length >= MIN_UNITS) this.segments.push(segment);
  }

  /** Short strings that are read one after the other although each was added alone. */
  addSequence(found: readonly FoundText[]): void {
    const joinable = found.filter(({ text }) => text.length <= JOINABLE_UNITS && text.length > 0);
    if (joinable.length > 1 && this.segments.length < MAX_SEGMENTS) this.#join(joinable, true);
  }

  finish(): Segment[] {
    for (let i = 0; i < this.#overflow.length;) {
      const chunk: FoundText[] = [];
      for (let units = 0; i < this.#overflow.length; i++) {
        const { text, context, layers } = this.#overflow[i];
        const sameKind = chunk.length === 0 || (context === chunk[0].context && layers === chunk[0].layers);
        if (!sameKind || (units > 0 && units + text.length > MAX_JOINED_UNITS)) break;
        units += text.length + 1;
        chunk.push(this.#overflow[i]);
      }
      this.segments.push(joined(chunk));
    }
    this.#overflow = [];
    return this.segments;
  }

  /** @param maySplitWords whether the strings are what somebody says, who may cut a word as well as a sentence */
  #join(found: readonly FoundText[], maySplitWords: boolean): void {
    if (this.segments.length >= MAX_SEGMENTS) {
      for (const one of found) this.#overflow.push(one);
      return;
    }
    for (let i = 0; i < found.length;) {
      const from = i;
      let units = 0;
      while (i < found.length && (i === from || units + found[i].text.length <= MAX_JOINED_UNITS)) {
        units += found[i++].text.length + 1;
      }
      if (units <= MIN_UNITS) continue;
      const chunk = found.slice(from, i);
      this.segments.push(joined(chunk));
      if (maySplitWords && chunk.some(({ text }, at) => at > 0 && isCutWord(chunk[at - 1].text, text))) {
        this.segments.push(joined(chunk, (before, text) => (isCutWord(before, text) ? "" : " ")));
      }
    }
  }
}

function alone({ text, context, pointer, offset, layers }: FoundText): Segment {
  return layers.length > 0 ? { text, context, pointer, offset, layers } : { text, context, pointer, offset };
}

/** Whether a word may go on from `before` to `text`. */
function isCutWord(before: string, text: string): boolean {
  const last = before.charCodeAt(before.length - 1) | 32;
  const first = text.charCodeAt(0);
  return last >= 0x61 && last <= 0x7a && first >= 0x61 && first <= 0x7a;
}

/** One segment of several strings, a space between two: a sentence that was cut apart is whole again. */
function joined(
  found: readonly FoundText[],
  between: (before: string, text: string) => string = () => " ",
): Segment {
  if (found.length === 1) return alone(found[0]);
  const parts: SegmentPart[] = [];
  let text = "";
  for (let index = 0; index < found.length; index++) {
    const one = found[index];
    if (index > 0) text += between(found[index - 1].text, one.text);
    parts.push({ start: text.length, pointer: one.pointer, offset: one.offset });
    text += one.text;
  }
  return { ...alone({ ...found[0], text }), parts };
}
