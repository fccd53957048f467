import {
  advance,
  get,
  giveBack,
  I32,
  i32,
  int,
  repeat,
  set,
  when,
  whileLoop,
  type FunctionSource,
} from "./assembler.js";

/** What the index of a vocabulary consists of: addresses, and what its builder has to know. */
export interface VocabularyLayout {
  readonly file: number;
  readonly fileBytes: number;
  readonly pieceCount: number;
  /** `[pieces]` 32-bit: first byte of a piece in the file, behind `##`; with the top bit set if it continues a word. */
  readonly starts: number;
  /** `[pieces]` 16-bit: its bytes. */
  readonly lengths: number;
  /** Open addressing: pairs of id + 1 (0 is free) and hash. Their number is a power of two. */
  readonly slots: number;
  readonly slotCount: number;
}

export const HASHING = {
  seed: 0x811c9dc5 | 0,
  continuedSeed: 0x3c6ef372,
  prime: 16777619,
  maxProbes: 256,
  /** What a word of 100 characters has at most: longer pieces would never be found. */
  maxPieceBytes: 400,
} as const;

const [NEWLINE, CARRIAGE_RETURN, HASH_SIGN] = [10, 13, 35];

/** Counts the newlines of a text. Parameters: its address, its bytes. */
export function countNewlinesCode(): FunctionSource {
  const [at, bytes, end, count] = [0, 1, 2, 3];
  const code = [
    set(end, i32.add(get(at), get(bytes))),
    whileLoop(
      i32.ltU(get(at), get(end)),
      advance(count, i32.eq(i32.load8(get(at)), int(NEWLINE))),
      advance(at, int(1)),
    ),
    get(count),
  ];
  return { parameters: 2, result: true, locals: [I32, I32], code };
}

/**
 * Indexes a vocabulary. Parameters: those of `VocabularyLayout`, in its order. Leaves 0, or the number of the line that is
 * too long, or less the number of the line that has no free slot near.
 */
export function indexVocabularyCode(): FunctionSource {
  const [file, fileBytes, pieces, starts, lengths, slots, slotCount] = [0, 1, 2, 3, 4, 5, 6];
  const [at, end, id, hash, start, unit, slot, probes, length, continued] = Array.from(
    { length: 10 },
    (_, index) => 7 + index,
  );
  const byteAt = (offset: number) => i32.load8(get(at), offset);
  const slotAddress = i32.add(get(slots), i32.mul(get(slot), int(8)));
  const isEnd = i32.or(
    i32.eq(get(unit), int(NEWLINE)),
    i32.and(i32.eq(get(unit), int(CARRIAGE_RETURN)), i32.eq(byteAt(1), int(NEWLINE))),
  );
  const code = [
    set(at, get(file)),
    set(end, i32.add(get(file), get(fileBytes))),
    set(id, int(0)),
    whileLoop(
      i32.ltU(get(id), get(pieces)),
      set(hash, int(HASHING.seed)),
      set(continued, int(0)),
      when(
        i32.and(
          i32.and(i32.eq(byteAt(0), int(HASH_SIGN)), i32.eq(byteAt(1), int(HASH_SIGN))),
          i32.gtU(byteAt(2), int(CARRIAGE_RETURN)),
        ),
        set(hash, int(HASHING.continuedSeed)),
        set(continued, int(-(2 ** 31))),
        advance(at, int(2)),
      ),
      set(start, get(at)),
      set(unit, byteAt(0)),
      whileLoop(
        i32.and(i32.ltU(get(at), get(end)), i32.eq(isEnd, int(0))),
        set(hash, i32.mul(i32.xor(get(hash), get(unit)), int(HASHING.prime))),
        advance(at, int(1)),
        set(unit, byteAt(0)),
      ),
      set(length, i32.sub(get(at), get(start))),
      when(i32.gtU(get(length), int(HASHING.maxPieceBytes)), giveBack(i32.add(get(id), int(1)))),
      i32.store(
        i32.add(get(starts), i32.mul(get(id), int(4))),
        i32.or(i32.sub(get(start), get(file)), get(continued)),
      ),
      i32.store16(i32.add(get(lengths), i32.mul(get(id), int(2))), get(length)),
      when(
        get(length),
        set(slot, i32.sub(i32.xor(get(hash), i32.shrU(get(hash), int(15))), int(1))),
        set(probes, int(0)),
        repeat(
          i32.ne(i32.load(slotAddress), int(0)),
          set(slot, i32.and(i32.add(get(slot), int(1)), i32.sub(get(slotCount), int(1)))),
          set(probes, i32.add(get(probes), int(1))),
          when(i32.gtU(get(probes), int(HASHING.maxProbes)), giveBack(i32.sub(int(-1), get(id)))),
        ),
        i32.store(slotAddress, i32.add(get(id), int(1))),
        i32.store(slotAddress, get(hash), 4),
      ),
      // A line ends with a newline, which a carriage return may stand before.
      advance(at, i32.add(int(1), i32.eq(get(unit), int(CARRIAGE_RETURN)))),
      advance(id, int(1)),
    ),
    int(0),
  ];
  return { parameters: 7, result: true, locals: new Array<number>(10).fill(I32), code };
}
