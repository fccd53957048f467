import { FormatError, LimitError } from "../../shared/errors.js";
import { tryReadVarint, readVarint, varintSize, writeVarint } from "../../shared/varint.js";

/** What a frame on a stream holds (docs/spec/quic.md). */
export const FRAME_TYPES = { text: 0x01, binary: 0x02, token: 0x03 } as const;
export type FrameKind = keyof typeof FRAME_TYPES;

export interface StreamFrame {
  readonly kind: FrameKind;
  readonly body: Buffer;
}

const MAX_LENGTH_BYTES = 5;

/** The bytes of one frame: its length as LEB128, its type, its body. */
export function writeFrame(kind: FrameKind, body: Uint8Array): Buffer {
  const length = body.length + 1;
  const bytes = Buffer.allocUnsafe(varintSize(length) + length);
  const typeOffset = writeVarint(bytes, 0, length);
  bytes[typeOffset] = FRAME_TYPES[kind];
  bytes.set(body, typeOffset + 1);
  return bytes;
}

/** Cuts the bytes of a stream into frames. Holds one unfinished frame, whose length is checked before its bytes are kept. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  /** Bytes that wait for the rest of their frame. */
  get partialBytes(): number {
    return this.#size;
  }

  /**
   * Takes the next bytes.
   * @param maxFrameBytes of a frame with its type
   * @returns the frames that are whole now
   * @throws {FormatError} `M2M_MESSAGE_INVALID`, `M2M_VARINT_OVERLONG`
   * @throws {LimitError} `M2M_INPUT_TOO_LARGE`
   */
  push(chunk: Buffer, maxFrameBytes: number): StreamFrame[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const frames: StreamFrame[] = [];
    for (;;) {
      const frame = this.#next(maxFrameBytes);
      if (frame === undefined) return frames;
      frames.push(frame);
    }
  }

  #next(maxFrameBytes: number): StreamFrame | undefined {
    if (this.#size === 0) return undefined;
    const head = this.#peek(MAX_LENGTH_BYTES);
    const cursor = { offset: 0 };
    const length = tryReadVarint(head, cursor);
    if (length === undefined) {
      // All bytes of a number but the last say that another one follows.
      if (head.length < MAX_LENGTH_BYTES && head.every((byte) => byte >= 0x80)) return undefined;
      readVarint(head, cursor);
      return undefined;
    }
    if (length === 0)
      throw new FormatError("M2M_MESSAGE_INVALID", "A frame of a QUIC stream has a type byte.");
    if (length > maxFrameBytes) {
      throw new LimitError(
        "M2M_INPUT_TOO_LARGE",
        `A frame of ${length} bytes passes the limit of ${maxFrameBytes}.`,
      );
    }
    const typeOffset = cursor.offset;
    if (this.#size <= typeOffset) return undefined;
    const type = this.#peek(typeOffset + 1)[typeOffset];
    const kind = kindOf(type);
    if (this.#size < typeOffset + length) return undefined;
    const bytes = this.#take(typeOffset + length);
    return { kind, body: bytes.subarray(typeOffset + 1) };
  }

  /** Up to `count` bytes from the front, which stay. */
  #peek(count: number): Buffer {
    const [first] = this.#chunks;
    if (first.length >= count || this.#chunks.length === 1) return first.subarray(0, count);
    const head: number[] = [];
    for (const chunk of this.#chunks) {
      for (const byte of chunk) {
        if (head.length === count) return Buffer.from(head);
        head.push(byte);
      }
    }
    return Buffer.from(head);
  }

  /** Exactly `count` bytes from the front. */
  #take(count: number): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks, this.#size);
    const rest = all.subarray(count);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    return all.subarray(0, count);
  }
}

function kindOf(type: number): FrameKind {
  const kind = (Object.keys(FRAME_TYPES) as FrameKind[]).find((name) => FRAME_TYPES[name] === type);
  if (kind !== undefined) return kind;
  throw new FormatError(
    "M2M_MESSAGE_INVALID",
    `There is no type 0x${type.toString(16).padStart(2, "0")} of frames on a QUIC stream.`,
  );
}
