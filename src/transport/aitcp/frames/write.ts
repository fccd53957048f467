import { encodeUtf8 } from "../../../shared/utf8.js";
import { FRAME, MAX_CLOSE_TEXT_BYTES, MAX_TURN_END_BYTES, PING_BYTES, type ResumedFrame } from "./frames.js";
import { varint53Size, writeVarint53 } from "./varint53.js";

/** Bytes of a MESSAGE frame before its length and its bytes. */
export function messageHeaderBytes(stream: number, number: number, offset: number): number {
  return 1 + varint53Size(stream) + varint53Size(number) + varint53Size(offset);
}

/**
 * Writes the frames of one record into a buffer that may be used again. Each method writes a whole frame and says true, or nothing
 * and says false if there is no room. Room for a TURN_END is kept free.
 */
export class RecordWriter {
  readonly #buffer: Uint8Array;
  readonly #capacity: number;
  #length = 0;
  #turnBytes = 0;
  #messages = 0;

  /** @param buffer its length is the most that a record has */
  constructor(buffer: Uint8Array) {
    this.#buffer = buffer;
    this.#capacity = buffer.length - MAX_TURN_END_BYTES;
  }

  /** Bytes that further frames may take. */
  get remaining(): number {
    return Math.max(0, this.#capacity - this.#length);
  }

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  /** Messages whose last part is in the record. */
  get messages(): number {
    return this.#messages;
  }

  /** What was written, as a view of the buffer. */
  get record(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** What was written and belongs to the turn: without TURN_END and padding. */
  get turnFrames(): Uint8Array {
    return this.#buffer.subarray(0, this.#turnBytes);
  }

  /** Begins the next record in the same buffer. */
  reset(): void {
    this.#length = 0;
    this.#turnBytes = 0;
    this.#messages = 0;
  }

  message(stream: number, number: number, offset: number, bytes: Uint8Array, isLast: boolean): boolean {
    const header = messageHeaderBytes(stream, number, offset) + varint53Size(bytes.length);
    if (header + bytes.length > this.remaining) return false;
    const buffer = this.#buffer;
    let at = this.#length;
    buffer[at++] = isLast ? FRAME.MESSAGE_LAST : FRAME.MESSAGE;
    at = writeVarint53(buffer, at, stream);
    at = writeVarint53(buffer, at, number);
    at = writeVarint53(buffer, at, offset);
    this.#length = writeVarint53(buffer, at, bytes.length);
    this.#bytes(bytes);
    if (isLast) this.#messages++;
    return true;
  }

  end(stream: number, count: number): boolean {
    return this.#simple(FRAME.END, stream, count);
  }

  resetStream(stream: number, code: number): boolean {
    return this.#simple(FRAME.RESET, stream, code);
  }

  resetDone(stream: number): boolean {
    return this.#simple(FRAME.RESET_DONE, stream);
  }

  ack(stream: number, count: number): boolean {
    return this.#simple(FRAME.ACK, stream, count);
  }

  credit(stream: number, limit: number): boolean {
    return this.#simple(FRAME.CREDIT, stream, limit);
  }

  creditAll(limit: number): boolean {
    return this.#simple(FRAME.CREDIT_ALL, limit);
  }

  /** @param bytes 8 of them */
  ping(bytes: Uint8Array): boolean {
    return this.#withBytes(FRAME.PING, PING_BYTES, bytes);
  }

  pong(bytes: Uint8Array): boolean {
    return this.#withBytes(FRAME.PONG, PING_BYTES, bytes);
  }

  ticket(bytes: Uint8Array): boolean {
    if (1 + varint53Size(bytes.length) + bytes.length > this.remaining) return false;
    this.#simple(FRAME.TICKET, bytes.length);
    this.#bytes(bytes);
    return true;
  }

  /** @param text is cut to what the frame takes */
  close(code: number, text: string): boolean {
    const bytes = cutText(text);
    if (1 + varint53Size(code) + varint53Size(bytes.length) + bytes.length > this.remaining) return false;
    this.#simple(FRAME.CLOSE, code, bytes.length);
    this.#bytes(bytes);
    return true;
  }

  resumed(frame: Omit<ResumedFrame, "type">): boolean {
    const { stream, received, taken, limit, isReset, hasEnd, isLost } = frame;
    const size = 2 + sizeOf(stream, received, taken, limit);
    if (size > this.remaining) return false;
    this.#simple(FRAME.RESUMED, stream, received, taken, limit);
    this.#bytes(Uint8Array.of((isReset ? 1 : 0) | (hasEnd ? 2 : 0) | (isLost ? 4 : 0)));
    return true;
  }

  resumedAll(limit: number, seen: number, opened: number): boolean {
    return this.#simple(FRAME.RESUMED_ALL, limit, seen, opened);
  }

  /** The last frame of its record; there is always room for it. */
  turnEnd(number: number, timeMs: number): void {
    const turnBytes = this.#turnBytes;
    this.#begin(FRAME.TURN_END);
    this.#numbers(number, timeMs);
    this.#turnBytes = turnBytes;
  }

  /**
   * Zeros up to a length.
   * @param length of the record then; no more than the buffer has
   */
  pad(length: number): void {
    const end = Math.min(length, this.#buffer.length);
    if (end <= this.#length) return;
    this.#buffer.fill(0, this.#length, end);
    this.#length = end;
  }

  #simple(type: number, ...numbers: number[]): boolean {
    if (1 + sizeOf(...numbers) > this.remaining) return false;
    this.#begin(type);
    this.#numbers(...numbers);
    return true;
  }

  #withBytes(type: number, length: number, bytes: Uint8Array): boolean {
    if (1 + length > this.remaining) return false;
    this.#begin(type);
    this.#bytes(bytes.subarray(0, length));
    return true;
  }

  #begin(type: number): void {
    this.#buffer[this.#length++] = type;
    this.#turnBytes = this.#length;
  }

  #numbers(...numbers: number[]): void {
    for (const number of numbers) this.#length = writeVarint53(this.#buffer, this.#length, number);
    this.#turnBytes = this.#length;
  }

  #bytes(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
    this.#turnBytes = this.#length;
  }
}

function sizeOf(...numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + varint53Size(number), 0);
}

/** UTF-8 of the text, cut between characters to what CLOSE takes. */
function cutText(text: string): Uint8Array {
  const bytes = encodeUtf8(text.toWellFormed());
  let end = Math.min(bytes.length, MAX_CLOSE_TEXT_BYTES);
  while (end < bytes.length && end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}
