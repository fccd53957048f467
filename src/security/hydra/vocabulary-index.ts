import { alignedBytes, instantiate, KernelMemory } from "./kernels/memory.js";
import {
  countNewlinesCode,
  HASHING,
  indexVocabularyCode,
  type VocabularyLayout,
} from "./kernels/vocabulary-code.js";
import { invalid } from "./safetensors.js";

/** More pieces than any BERT has. */
const MAX_PIECES = 2 ** 20;
const [NEWLINE, CARRIAGE_RETURN, HASH_SIGN] = [10, 13, 35];

/** What builds the index of a vocabulary, in WebAssembly or in plain code. */
interface IndexBuilder {
  countNewlines(file: number, fileBytes: number): number;
  /** As `indexVocabularyCode` says. */
  index(layout: VocabularyLayout): number;
}

/** Where the pieces of a `vocab.txt` are, by hash: see `VocabularyLayout`. */
export interface VocabularyIndex {
  readonly file: Uint8Array;
  readonly starts: Int32Array;
  readonly lengths: Uint16Array;
  readonly slots: Int32Array;
}

/**
 * Indexes the bytes of a `vocab.txt`: once, so that code the compiler has not seen yet would take longer than all the rest.
 * @throws {FormatError} `M2M_WEIGHTS_INVALID`
 */
export function indexVocabulary(file: Uint8Array, plainly = false): VocabularyIndex {
  const mostPieces = Math.min(file.length, MAX_PIECES);
  // One file byte more than there is: the builder looks behind the end, where zeros are.
  const memory = new KernelMemory(
    alignedBytes(file.length + 2) + 16 + mostPieces * 6 + 16 + slotsFor(mostPieces) * 8,
  );
  const fileAt = memory.place(file);
  const builder = createBuilder(memory, plainly);
  const unfinished = file.length > 0 && file[file.length - 1] !== NEWLINE ? 1 : 0;
  const pieceCount = builder.countNewlines(fileAt, file.length) + unfinished;
  if (pieceCount > MAX_PIECES) throw invalid(`The vocabulary has more than ${MAX_PIECES} pieces.`);
  memory.allocate(16);
  const slotCount = slotsFor(pieceCount);
  const layout: VocabularyLayout = {
    file: fileAt,
    fileBytes: file.length,
    pieceCount,
    starts: memory.allocate(pieceCount * 4),
    lengths: memory.allocate(pieceCount * 2),
    slots: memory.allocate(slotCount * 8),
    slotCount,
  };
  const failed = builder.index(layout);
  if (failed > 0) throw invalid(`Line ${failed} of the vocabulary is too long.`);
  if (failed < 0) throw invalid("The vocabulary has pieces that are hard to tell apart.");
  const { buffer } = memory;
  return {
    file: new Uint8Array(buffer, fileAt, file.length),
    starts: new Int32Array(buffer, layout.starts, pieceCount),
    lengths: new Uint16Array(buffer, layout.lengths, pieceCount),
    slots: new Int32Array(buffer, layout.slots, slotCount * 2),
  };
}

/** Twice as many as pieces at least, so that a look-up takes few steps. */
function slotsFor(pieceCount: number): number {
  return 2 ** Math.ceil(Math.log2(pieceCount * 2 + 2));
}

function createBuilder(memory: KernelMemory, plainly: boolean): IndexBuilder {
  if (plainly) return new PlainBuilder(memory);
  try {
    const [countNewlines, index] = instantiate(memory, [countNewlinesCode(), indexVocabularyCode()]);
    return {
      countNewlines,
      index: ({ file, fileBytes, pieceCount, starts, lengths, slots, slotCount }) =>
        index(file, fileBytes, pieceCount, starts, lengths, slots, slotCount),
    };
  } catch {
    return new PlainBuilder(memory);
  }
}

/** For platforms without WebAssembly. */
class PlainBuilder implements IndexBuilder {
  readonly #memory: KernelMemory;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  countNewlines(file: number, fileBytes: number): number {
    return new Uint8Array(this.#memory.buffer, file, fileBytes).reduce(
      (count, byte) => count + (byte === NEWLINE ? 1 : 0),
      0,
    );
  }

  index(layout: VocabularyLayout): number {
    const bytes = new Uint8Array(this.#memory.buffer, layout.file);
    const starts = new Int32Array(this.#memory.buffer, layout.starts);
    const lengths = new Uint16Array(this.#memory.buffer, layout.lengths);
    let at = 0;
    for (let id = 0; id < layout.pieceCount; id++) {
      const continued =
        bytes[at] === HASH_SIGN && bytes[at + 1] === HASH_SIGN && bytes[at + 2] > CARRIAGE_RETURN;
      if (continued) at += 2;
      const start = at;
      let hash: number = continued ? HASHING.continuedSeed : HASHING.seed;
      const isEnd = () =>
        bytes[at] === NEWLINE || (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === NEWLINE);
      for (; at < layout.fileBytes && !isEnd(); at++) hash = Math.imul(hash ^ bytes[at], HASHING.prime);
      if (at - start > HASHING.maxPieceBytes) return id + 1;
      starts[id] = continued ? start | -(2 ** 31) : start;
      lengths[id] = at - start;
      if (at > start && !this.#insert(layout, id, hash)) return -1 - id;
      at += bytes[at] === CARRIAGE_RETURN ? 2 : 1;
    }
    return 0;
  }

  /** Whether there is a free slot near. */
  #insert({ slots, slotCount }: VocabularyLayout, id: number, hash: number): boolean {
    const found = new Int32Array(this.#memory.buffer, slots, slotCount * 2);
    for (let probe = 0; probe < HASHING.maxProbes; probe++) {
      const slot = ((hash ^ (hash >>> 15)) + probe) & (slotCount - 1);
      if (found[2 * slot] !== 0) continue;
      found[2 * slot] = id + 1;
      found[2 * slot + 1] = hash;
      return true;
    }
    return false;
  }
}
