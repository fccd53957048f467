import { positiveInteger } from "../../shared/bounds.js";
import { LimitError } from "../../shared/errors.js";
import { SseEvent } from "./event.js";

const LF = 0x0a;
const CR = 0x0d;

/** What a line feed behind the carriage return that was just read belongs to. */
const NO_CR = 0;
/** To the end of a line. */
const CR_OF_LINE = 1;
/** To the blank line that ends a block, which waits for it. */
const CR_OF_HELD_BLOCK = 2;
/** To nothing: the block is delivered, and the line feed stands before the next one. */
const CR_OF_DELIVERED_BLOCK = 3;

/** A chunk of a model holds kilobytes; a generated image in one, some megabytes. */
const DEFAULT_MAX_EVENT_BYTES = 16 * 1024 * 1024;

export interface SseReaderOptions {
  /** Most bytes of one block. Default 16 MiB. */
  readonly maxEventBytes?: number;
}

/**
 * Splits an event stream (HTML section 9.2) into its blocks, wherever the chunks are cut. The blocks' bytes, in order, are the stream's, and
 * where a block ends depends on the stream alone. A block within one chunk is a view of it: do not write to chunks.
 */
export class SseReader {
  readonly #maxEventBytes: number;
  /** Bytes of the block that is not whole yet. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #isFirst = true;
  #atLineStart = true;
  #afterCr = NO_CR;
  /**
   * Whether the last line ended with a carriage return alone. Then a blank line of one ends the block at once; else a line feed
   * is waited for, so that in a stream of CRLF a block has its whole end.
   */
  #endsWithCr = false;

  /** @throws {InputError} `M2M_USAGE` */
  constructor({ maxEventBytes = DEFAULT_MAX_EVENT_BYTES }: SseReaderOptions = {}) {
    this.#maxEventBytes = positiveInteger("maxEventBytes", maxEventBytes);
  }

  /**
   * Takes the next bytes of the stream.
   * @param onEvent gets each block that they complete, also those that hold comments or nothing
   * @throws {LimitError} `M2M_INPUT_TOO_LARGE` for a block over the limit, behind those before it; nothing can be read after that
   */
  push(chunk: Uint8Array, onEvent: (event: SseEvent) => void): void {
    const length = chunk.length;
    let start = 0;
    let at = 0;
    while (at < length) {
      let byte = chunk[at];
      if (this.#afterCr !== NO_CR) {
        const kind = this.#afterCr;
        this.#afterCr = NO_CR;
        const isLf = byte === LF;
        this.#endsWithCr = !isLf;
        if (isLf) at++;
        if (kind === CR_OF_HELD_BLOCK) start = this.#deliver(chunk, start, at, onEvent);
        if (isLf) continue;
      }
      if (byte !== LF && byte !== CR) {
        this.#atLineStart = false;
        do byte = chunk[++at];
        while (at < length && byte !== LF && byte !== CR);
        if (at === length) break;
      }
      at++;
      const isBlank = this.#atLineStart;
      this.#atLineStart = true;
      if (byte === LF) this.#endsWithCr = false;
      else
        this.#afterCr = !isBlank ? CR_OF_LINE : this.#endsWithCr ? CR_OF_DELIVERED_BLOCK : CR_OF_HELD_BLOCK;
      if (isBlank && this.#afterCr !== CR_OF_HELD_BLOCK) start = this.#deliver(chunk, start, at, onEvent);
    }
    if (start < length) this.#keep(start === 0 ? chunk : chunk.subarray(start));
  }

  /**
   * Takes the end of the stream.
   * @param onEvent gets what is left, if anything is: `complete` says whether a blank line ended it
   */
  end(onEvent: (event: SseEvent) => void): void {
    const complete = this.#afterCr === CR_OF_HELD_BLOCK;
    this.#afterCr = NO_CR;
    if (this.#pendingBytes > 0) onEvent(this.#take(complete));
  }

  /** Delivers the pending bytes and those of `chunk` from `start` up to `end`. @returns where the next block begins */
  #deliver(chunk: Uint8Array, start: number, end: number, onEvent: (event: SseEvent) => void): number {
    this.#assertWithin(end - start);
    if (this.#pendingBytes > 0) {
      if (end > start) this.#keep(chunk.subarray(start, end));
      onEvent(this.#take(true));
    } else {
      const event = new SseEvent(chunk.subarray(start, end), true, this.#isFirst);
      this.#isFirst = false;
      onEvent(event);
    }
    return end;
  }

  #keep(part: Uint8Array): void {
    this.#assertWithin(part.length);
    this.#pending.push(part);
    this.#pendingBytes += part.length;
  }

  #take(complete: boolean): SseEvent {
    const raw = this.#pending.length === 1 ? this.#pending[0] : Buffer.concat(this.#pending);
    const event = new SseEvent(raw, complete, this.#isFirst);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#isFirst = false;
    return event;
  }

  #assertWithin(moreBytes: number): void {
    if (this.#pendingBytes + moreBytes <= this.#maxEventBytes) return;
    throw new LimitError(
      "M2M_INPUT_TOO_LARGE",
      `An event of the stream is over the limit of ${this.#maxEventBytes} bytes.`,
      { hint: "Raise the limit, if the sender is trusted." },
    );
  }
}
