import { decodeUtf8 } from "../../shared/utf8.js";
import { invalid } from "./safetensors.js";

/** More pieces than any BERT has, and a longer piece. */
const MAX_PIECES = 2 ** 20;
const MAX_PIECE_UNITS = 200;
/** A table that is at most half full needs a few steps; a vocabulary made to need more is refused. */
const MAX_PROBES = 256;
const SEED = 0x811c9dc5;
const CONTINUED_SEED = 0x3c6ef372;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const HASH_SIGN = 35;

/**
 * The pieces of a `vocab.txt`, found by hash: one piece a line, its number the line's; `##` marks pieces that continue a
 * word. The hashes of all prefixes of a word come from one pass over it.
 */
export class Vocabulary {
  readonly size: number;
  readonly unknownId: number;
  readonly #text: string;
  /** `[pieces]`: first unit in the text, behind `##`. */
  readonly #starts: Int32Array;
  readonly #lengths: Uint8Array;
  readonly #continued: Uint8Array;
  /** Open addressing, pairs of id + 1 (0 is free) and hash. */
  readonly #slots: Int32Array;
  readonly #prefixHashes = new Int32Array(MAX_PIECE_UNITS);
  #longest = 0;

  /** @throws {FormatError} `M2M_WEIGHTS_INVALID`, `M2M_UTF8_INVALID` */
  constructor(file: Uint8Array) {
    const text = decodeUtf8(file);
    this.#text = text;
    const lines = countLines(file);
    if (lines > MAX_PIECES) throw invalid(`The vocabulary has more than ${MAX_PIECES} pieces.`);
    this.size = lines;
    this.#starts = new Int32Array(lines);
    this.#lengths = new Uint8Array(lines);
    this.#continued = new Uint8Array(lines);
    this.#slots = new Int32Array(2 * 2 ** Math.ceil(Math.log2(lines * 2 + 2)));
    this.#indexLines();
    const unknownId = this.idOf("[UNK]");
    if (unknownId === undefined) throw invalid("The vocabulary has no [UNK].");
    this.unknownId = unknownId;
  }

  /** The id of a piece of ASCII characters that begins a word. */
  idOf(piece: string): number | undefined {
    const units = Uint16Array.from(piece, (character) => character.charCodeAt(0));
    const found = this.matchLongest(units, 0, units.length, false);
    return found >= 0 && this.#lengths[found] === units.length ? found : undefined;
  }

  /** UTF-16 units of the piece `id`, without `##`. */
  lengthOf(id: number): number {
    return this.#lengths[id];
  }

  /**
   * The longest piece that `units` holds at `from`, before `to`.
   * @param continued whether it continues a word
   * @returns its id, or -1
   */
  matchLongest(units: Uint16Array, from: number, to: number, continued: boolean): number {
    const length = Math.min(to - from, this.#longest);
    const hashes = this.#prefixHashes;
    let hash = continued ? CONTINUED_SEED : SEED;
    for (let i = 0; i < length; i++) {
      hash = Math.imul(hash ^ units[from + i], 16777619);
      hashes[i] = hash;
    }
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let i = length - 1; i >= 0; i--) {
      hash = hashes[i];
      let slot = slotOf(hash) & mask;
      for (let probes = 0; probes < MAX_PROBES && slots[slot] !== 0; probes++, slot = (slot + 2) & mask) {
        if (slots[slot + 1] !== hash) continue;
        const id = slots[slot] - 1;
        if (this.#equals(id, units, from, i + 1, continued)) return id;
      }
    }
    return -1;
  }

  /** Adds all lines. One loop over local variables: it runs once, mostly before the compiler has seen it. */
  #indexLines(): void {
    const [text, starts, lengths, continuedMarks] = [
      this.#text,
      this.#starts,
      this.#lengths,
      this.#continued,
    ];
    const end = text.length;
    let longest = 0;
    let at = 0;
    for (let id = 0; id < starts.length; id++) {
      let hash = SEED;
      if (
        text.charCodeAt(at) === HASH_SIGN &&
        text.charCodeAt(at + 1) === HASH_SIGN &&
        text.charCodeAt(at + 2) > CARRIAGE_RETURN
      ) {
        continuedMarks[id] = 1;
        hash = CONTINUED_SEED;
        at += 2;
      }
      const start = at;
      let unit = 0;
      for (; at < end; at++) {
        unit = text.charCodeAt(at);
        if (
          unit <= CARRIAGE_RETURN &&
          (unit === NEWLINE || (unit === CARRIAGE_RETURN && text.charCodeAt(at + 1) === NEWLINE))
        )
          break;
        hash = Math.imul(hash ^ unit, 16777619);
      }
      const length = at - start;
      if (length > MAX_PIECE_UNITS) throw invalid(`Line ${id + 1} of the vocabulary is too long.`);
      starts[id] = start;
      lengths[id] = length;
      if (length > 0) this.#insert(id, hash);
      if (length > longest) longest = length;
      at += unit === CARRIAGE_RETURN ? 2 : 1;
    }
    this.#longest = longest;
  }

  #insert(id: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = slotOf(hash) & mask;
    for (let probes = 1; slots[slot] !== 0; probes++, slot = (slot + 2) & mask) {
      if (probes === MAX_PROBES) throw invalid("The vocabulary has pieces that are hard to tell apart.");
    }
    slots[slot] = id + 1;
    slots[slot + 1] = hash;
  }

  #equals(id: number, units: Uint16Array, from: number, length: number, continued: boolean): boolean {
    if (this.#lengths[id] !== length || (this.#continued[id] === 1) !== continued) return false;
    const start = this.#starts[id];
    for (let i = 0; i < length; i++) if (this.#text.charCodeAt(start + i) !== units[from + i]) return false;
    return true;
  }
}

function countLines(file: Uint8Array): number {
  let lines = file.length > 0 && file[file.length - 1] !== NEWLINE ? 1 : 0;
  for (let i = 0; i < file.length; i++) if (file[i] === NEWLINE) lines++;
  return lines;
}

/** An even slot number from an FNV-1a hash: its low bits alone hardly depend on the first units. */
function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) << 1;
}
