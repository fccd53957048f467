import { tryReadVarint53 } from "../frames/index.js";
import {
  invalidTranscript,
  MAX_BLOCK_BYTES,
  readBlock,
  TRANSCRIPT_MAGIC,
  type TranscriptBlock,
} from "./transcript-blocks.js";

/** A block, and where it begins in the file. */
export interface PlacedBlock {
  readonly block: TranscriptBlock;
  readonly offset: number;
}

/** Bytes of a type and a length. A length is at most 65,536. */
const MAX_HEAD_BYTES = 4;

/** Reads a transcript that comes in chunks of any size; it keeps no more of it than one block. */
export class TranscriptReader {
  #pending = new Uint8Array(0);
  /** Of `#pending` in the file. */
  #offset = 0;
  #hasMagic = false;

  /** Bytes of a block that has not come to its end, or of a beginning that is too short. */
  get pendingBytes(): number {
    return this.#pending.length;
  }
  get hasBegun(): boolean {
    return this.#hasMagic;
  }

  /** @returns the blocks that are whole now. @throws {FormatError} `M2M_TRANSCRIPT_INVALID` */
  *push(chunk: Uint8Array): Generator<PlacedBlock> {
    let bytes = join(this.#pending, chunk);
    let at = 0;
    if (!this.#hasMagic) {
      const length = Math.min(bytes.length, TRANSCRIPT_MAGIC.length);
      for (let i = 0; i < length; i++) {
        if (bytes[i] !== TRANSCRIPT_MAGIC[i]) throw invalidTranscript("another beginning", i);
      }
      this.#hasMagic = length === TRANSCRIPT_MAGIC.length;
      if (this.#hasMagic) at = length;
    }
    while (this.#hasMagic && at < bytes.length) {
      const cursor = { offset: at + 1 };
      const length = tryReadVarint53(bytes, cursor);
      if (length === undefined && bytes.length - at < MAX_HEAD_BYTES) break;
      if (length === undefined || length > MAX_BLOCK_BYTES) {
        throw invalidTranscript("a length that is none", this.#offset + at + 1);
      }
      const end = cursor.offset + length;
      if (end > bytes.length) break;
      const body = bytes.subarray(cursor.offset, end);
      yield { block: readBlock(bytes[at], body, this.#offset + cursor.offset), offset: this.#offset + at };
      at = end;
    }
    this.#offset += at;
    bytes = bytes.subarray(at);
    // `slice` of a Buffer copies nothing.
    this.#pending = Uint8Array.from(bytes);
  }
}

function join(before: Uint8Array, chunk: Uint8Array): Uint8Array {
  if (before.length === 0) return chunk;
  const joined = new Uint8Array(before.length + chunk.length);
  joined.set(before);
  joined.set(chunk, before.length);
  return joined;
}
