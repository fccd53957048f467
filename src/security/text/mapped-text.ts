import { partitionPoint } from "../../shared/partition-point.js";
import { flatText, unitsToText } from "./units.js";

/** A text made from another one, with the way back. */
export interface MappedText {
  readonly text: string;
  /** UTF-16 range of the source that [start, end) of `text` comes from. */
  toSource(start: number, end: number): { start: number; end: number };
}

/**
 * Writes a text piece by piece and remembers where each piece comes from. Pieces that keep their length are mapped unit
 * by unit, others in proportion, so a match inside decoded base64 points at about the right characters.
 */
export class MappedTextBuilder {
  readonly #source: string;
  #units: Uint16Array;
  #length = 0;
  /** Three numbers a piece: where it starts in the text, in the source, and its length there (0: the same length). */
  #pieces = new Int32Array(48);
  #pieceUnits = 0;

  constructor(source: string, capacity: number = source.length) {
    this.#source = source;
    this.#units = new Uint16Array(Math.max(16, capacity));
  }

  get length(): number {
    return this.#length;
  }

  /** Appends the source from `from` up to `to` as it stands. */
  copy(from: number, to: number): void {
    if (to <= from) return;
    this.#startPiece(from, 0);
    this.#reserve(to - from);
    for (let i = from; i < to; i++) this.#units[this.#length++] = this.#source.charCodeAt(i);
  }

  /** Appends `text` in place of the source from `from` up to `to`. */
  put(text: string, from: number, to: number): void {
    if (text.length === 0) return;
    this.#startPiece(from, text.length === to - from ? 0 : to - from);
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) this.#units[this.#length++] = text.charCodeAt(i);
  }

  /** Appends one unit in place of the source from `from` up to `to`. */
  putUnit(unit: number, from: number, to: number): void {
    this.#startPiece(from, to - from === 1 ? 0 : to - from);
    this.#reserve(1);
    this.#units[this.#length++] = unit;
  }

  /** Appends each `stride`th unit of the source from `from` up to `to`. */
  putEvery(stride: number, from: number, to: number): void {
    this.#startPiece(from, to - from);
    this.#reserve(to - from);
    for (let i = from; i < to; i += stride) this.#units[this.#length++] = this.#source.charCodeAt(i);
  }

  finish(): MappedText {
    const text = flatText(unitsToText(this.#units.subarray(0, this.#length)));
    const pieces = this.#pieces.subarray(0, this.#pieceUnits);
    const { length } = text;
    return { text, toSource: (start, end) => toSource(pieces, length, start, end) };
  }

  #startPiece(source: number, sourceLength: number): void {
    let pieces = this.#pieces;
    const last = this.#pieceUnits - 3;
    const continues =
      last >= 0 &&
      sourceLength === 0 &&
      pieces[last + 2] === 0 &&
      this.#length - pieces[last] === source - pieces[last + 1];
    if (continues) return;
    if (this.#pieceUnits === pieces.length) {
      pieces = new Int32Array(pieces.length * 2);
      pieces.set(this.#pieces);
      this.#pieces = pieces;
    }
    pieces[this.#pieceUnits++] = this.#length;
    pieces[this.#pieceUnits++] = source;
    pieces[this.#pieceUnits++] = sourceLength;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#units.length) return;
    const grown = new Uint16Array(Math.max(this.#units.length * 2, this.#length + count));
    grown.set(this.#units);
    this.#units = grown;
  }
}

/** The range, within a text of `length` units. */
export function clampRange(length: number, start: number, end: number): { start: number; end: number } {
  const from = Math.min(Math.max(start, 0), length);
  return { start: from, end: Math.min(Math.max(end, from), length) };
}

function toSource(
  pieces: Int32Array,
  length: number,
  start: number,
  end: number,
): { start: number; end: number } {
  if (pieces.length === 0) return { start: 0, end: 0 };
  const from = Math.min(Math.max(start, 0), Math.max(length - 1, 0));
  const to = Math.min(Math.max(end, from), length);
  const first = sourceOf(pieces, length, from, Math.floor);
  if (to === from) return { start: first, end: first };
  const last = sourceOf(pieces, length, to - 1, Math.ceil, 1);
  if (last >= first) return { start: first, end: last };
  // The pieces stand in reversed order.
  return {
    start: sourceOf(pieces, length, to - 1, Math.floor),
    end: sourceOf(pieces, length, from, Math.ceil, 1),
  };
}

/** The offset in the source of the unit at `at` (or, with `behind`, of what follows it). */
function sourceOf(
  pieces: Int32Array,
  length: number,
  at: number,
  round: (value: number) => number,
  behind = 0,
): number {
  const piece = (partitionPoint(pieces.length / 3, (index) => pieces[index * 3] <= at) - 1) * 3;
  const [start, source, sourceLength] = [pieces[piece], pieces[piece + 1], pieces[piece + 2]];
  const inside = at - start + behind;
  if (sourceLength === 0) return source + inside;
  const pieceEnd = piece + 3 < pieces.length ? pieces[piece + 3] : length;
  return source + round((inside * sourceLength) / (pieceEnd - start));
}
