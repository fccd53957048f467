import { decodeUtf8 } from "../../shared/utf8.js";
import { HASHING } from "./kernels/vocabulary-code.js";
import { invalid } from "./safetensors.js";
import { indexVocabulary, type VocabularyIndex } from "./vocabulary-index.js";

/**
 * The pieces of a `vocab.txt`, found by hash: one piece a line, its number the line's; `##` marks pieces that continue a
 * word. Words are bytes of UTF-8, and the hashes of all prefixes of one come from one pass over it.
 */
export class Vocabulary {
  readonly size: number;
  readonly unknownId: number;
  readonly #index: VocabularyIndex;
  readonly #prefixHashes = new Int32Array(HASHING.maxPieceBytes);
  readonly #longest: number;

  /** @throws {FormatError} `M2M_WEIGHTS_INVALID`, `M2M_UTF8_INVALID` */
  constructor(file: Uint8Array) {
    decodeUtf8(file);
    this.#index = indexVocabulary(file);
    this.size = this.#index.starts.length;
    this.#longest = this.#index.lengths.reduce((a, b) => Math.max(a, b), 0);
    const unknownId = this.idOf("[UNK]");
    if (unknownId === undefined) throw invalid("The vocabulary has no [UNK].");
    this.unknownId = unknownId;
  }

  /** The id of a piece of ASCII characters that begins a word. */
  idOf(piece: string): number | undefined {
    const bytes = Uint8Array.from(piece, (character) => character.charCodeAt(0));
    const found = this.matchLongest(bytes, 0, bytes.length, false);
    return found >= 0 && this.lengthOf(found) === bytes.length ? found : undefined;
  }

  /** Bytes of the piece `id`, without `##`. */
  lengthOf(id: number): number {
    return this.#index.lengths[id];
  }

  /**
   * The longest piece that `bytes` holds at `from`, before `to`.
   * @param continued whether it continues a word
   * @returns its id, or -1
   */
  matchLongest(bytes: Uint8Array, from: number, to: number, continued: boolean): number {
    const length = Math.min(to - from, this.#longest);
    const hashes = this.#prefixHashes;
    let hash: number = continued ? HASHING.continuedSeed : HASHING.seed;
    for (let i = 0; i < length; i++) {
      hash = Math.imul(hash ^ bytes[from + i], HASHING.prime);
      hashes[i] = hash;
    }
    const { slots } = this.#index;
    const mask = slots.length - 1;
    for (let i = length - 1; i >= 0; i--) {
      hash = hashes[i];
      // The low bits of FNV-1a alone hardly depend on the first bytes.
      let slot = ((hash ^ (hash >>> 15)) << 1) & mask;
      for (let probes = 0; probes < HASHING.maxProbes && slots[slot] !== 0; probes++) {
        if (slots[slot + 1] === hash) {
          const id = slots[slot] - 1;
          if (this.#equals(id, bytes, from, i + 1, continued)) return id;
        }
        slot = (slot + 2) & mask;
      }
    }
    return -1;
  }

  #equals(id: number, bytes: Uint8Array, from: number, length: number, continued: boolean): boolean {
    const { file, starts, lengths } = this.#index;
    const start = starts[id];
    if (lengths[id] !== length || start < 0 !== continued) return false;
    const first = start & 0x7fffffff;
    for (let i = 0; i < length; i++) if (file[first + i] !== bytes[from + i]) return false;
    return true;
  }
}
