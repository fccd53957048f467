import { crc32 } from "../../../shared/crc32.js";
import { concatBytes } from "../../../shared/bytes.js";
import { FormatError, IntegrityError, ProtocolError } from "../../../shared/errors.js";
import { type Limits, outputTooLarge, resolveLimits } from "../../../shared/limits.js";
import { readVarint, tryReadVarint, varintSize, writeVarint } from "../../../shared/varint.js";
import { defaultPriors, type PriorCache } from "../prior/prior-cache.js";
import { readHistoryOpening, STREAM_OPENING, truncated } from "../wire/header.js";
import { follow } from "./chain.js";
import type { HistoryCoder } from "../coders.js";

/** Bytes of earlier events that a stream looks back at. */
const WINDOW_BYTES = 65536;
/** Longer events are cut into pieces of this many bytes. */
const MAX_EVENT_BYTES = 16384;
/** Every event with a number divisible by this carries 16 bits of the check of all events so far. */
const CHECK_INTERVAL = 8;

export interface StreamOptions {
  limits?: Partial<Limits>;
  /** Where priors come from. Default: the one of this package. */
  priors?: PriorCache;
}

/** Compresses a stream of events one by one: what `push` gives can be decoded when it arrives (docs/spec/context.md). */
export class StreamEncoder {
  readonly #coder: HistoryCoder;
  #opening: Uint8Array | undefined;
  readonly #hash: number;
  #chain = 0;
  #count = 0;
  #isEnded = false;

  constructor(options: StreamOptions = {}) {
    const engine = (options.priors ?? defaultPriors).current;
    this.#hash = engine.prior.hash;
    this.#coder = engine.createHistory(WINDOW_BYTES);
    this.#opening = Uint8Array.of(STREAM_OPENING, this.#hash & 255);
  }

  /** The wire of the next event, any bytes; best ended by a blank line. @throws {ProtocolError} behind the end */
  push(event: Uint8Array): Uint8Array {
    this.#assertOpen();
    const parts = this.#open();
    for (let at = 0; at < event.length; at += MAX_EVENT_BYTES) {
      parts.push(...this.#encode(event.subarray(at, at + MAX_EVENT_BYTES)));
    }
    return concatBytes(parts);
  }

  /** The end of the stream: nothing may be pushed afterwards. */
  end(): Uint8Array {
    this.#assertOpen();
    this.#isEnded = true;
    const end = new Uint8Array(5);
    new DataView(end.buffer).setUint32(1, (this.#chain ^ this.#hash) >>> 0, true);
    return concatBytes([...this.#open(), end]);
  }

  #open(): Uint8Array[] {
    const opening = this.#opening;
    this.#opening = undefined;
    return opening === undefined ? [] : [opening];
  }

  #encode(event: Uint8Array): Uint8Array[] {
    const coded = this.#coder.encodeEvent(event);
    this.#chain = follow(this.#chain, crc32(event));
    const size = coded.length + 1;
    const head = new Uint8Array(varintSize(size));
    writeVarint(head, 0, size);
    if (++this.#count % CHECK_INTERVAL !== 0) return [head, coded];
    return [head, coded, Uint8Array.of(this.#chain & 255, (this.#chain >>> 8) & 255)];
  }

  #assertOpen(): void {
    if (this.#isEnded) throw new ProtocolError("M2M_PROTOCOL_STATE", "The stream has been ended.");
  }
}

/** Reads what a `StreamEncoder` wrote, cut anywhere. After an error the stream cannot be read on. */
export class StreamDecoder {
  readonly #priors: PriorCache;
  readonly #limits: Limits;
  #coder: HistoryCoder | undefined;
  #hash = 0;
  #pending: Uint8Array = new Uint8Array(0);
  #chain = 0;
  #count = 0;
  #isEnded = false;

  constructor(options: StreamOptions = {}) {
    this.#priors = options.priors ?? defaultPriors;
    this.#limits = resolveLimits(options.limits);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * The events that are complete with `bytes`, in order.
   * @throws {FormatError} `M2M_WIRE_UNKNOWN`, `M2M_CONTEXT_INVALID`, `M2M_VARINT_OVERLONG`
   * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED`, `M2M_PRIOR_MISSING`
   * @throws {IntegrityError} `M2M_CHECKSUM_MISMATCH`
   * @throws {LimitError} `M2M_OUTPUT_TOO_LARGE`
   */
  push(bytes: Uint8Array): Uint8Array[] {
    const pending = this.#pending.length === 0 ? bytes : concatBytes([this.#pending, bytes]);
    const cursor = { offset: 0 };
    const events: Uint8Array[] = [];
    while (this.#readNext(pending, cursor, events));
    if (this.#isEnded && cursor.offset < pending.length) {
      throw new FormatError("M2M_CONTEXT_INVALID", "Bytes follow the end of the stream.", {
        offset: cursor.offset,
      });
    }
    // A copy: the caller may use its buffer again.
    this.#pending = new Uint8Array(pending.subarray(cursor.offset));
    return events;
  }

  /** @throws {FormatError} `M2M_CONTEXT_TRUNCATED` if the stream has not been ended */
  end(): void {
    if (!this.#isEnded) throw truncated(this.#pending.length);
  }

  /** Reads one frame if it is there as a whole. */
  #readNext(bytes: Uint8Array, cursor: { offset: number }, events: Uint8Array[]): boolean {
    if (this.#isEnded) return false;
    const start = cursor.offset;
    const left = bytes.length - start;
    if (this.#coder === undefined) {
      if (left < 2) return false;
      const engine = this.#priors.find(readHistoryOpening(bytes.subarray(start), STREAM_OPENING));
      this.#hash = engine.prior.hash;
      this.#coder = engine.createHistory(WINDOW_BYTES);
      cursor.offset += 2;
      return true;
    }
    if (left === 0) return false;
    const size = tryReadVarint(bytes, cursor);
    if (size === undefined) {
      if (left >= 5) readVarint(bytes, cursor);
      return false;
    }
    const isChecked = size > 0 && (this.#count + 1) % CHECK_INTERVAL === 0;
    const rest = size === 0 ? 4 : size - 1 + (isChecked ? 2 : 0);
    if (size - 1 > this.#limits.maxInputBytes) throw outputTooLarge(this.#limits);
    if (bytes.length - cursor.offset < rest) {
      cursor.offset = start;
      return false;
    }
    const body = bytes.subarray(cursor.offset, cursor.offset + rest);
    cursor.offset += rest;
    if (size === 0) this.#readEnd(body);
    else
      events.push(
        this.#decode(
          this.#coder,
          body.subarray(0, size - 1),
          isChecked ? body.subarray(size - 1) : undefined,
        ),
      );
    return true;
  }

  #decode(coder: HistoryCoder, coded: Uint8Array, check: Uint8Array | undefined): Uint8Array {
    const most = Math.min(MAX_EVENT_BYTES, this.#limits.maxOutputBytes);
    const { content, neededBytes } = coder.decodeEvent(coded, most);
    if (content === undefined) {
      if (most < MAX_EVENT_BYTES) throw outputTooLarge(this.#limits);
      throw new FormatError("M2M_CONTEXT_INVALID", `An event has more than ${MAX_EVENT_BYTES} bytes.`);
    }
    if (coded.length > neededBytes + 4) {
      throw new FormatError("M2M_CONTEXT_INVALID", "Bytes follow the end of an event.");
    }
    this.#count++;
    this.#chain = follow(this.#chain, crc32(content));
    if (check !== undefined && (check[0] | (check[1] << 8)) !== (this.#chain & 0xffff)) throw mismatch();
    return content;
  }

  #readEnd(body: Uint8Array): void {
    const check = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
    if (check !== (this.#chain ^ this.#hash) >>> 0) throw mismatch();
    this.#isEnded = true;
  }
}

function mismatch(): IntegrityError {
  return new IntegrityError("M2M_CHECKSUM_MISMATCH", "The events are not those that were compressed.", {
    hint: "The stream was changed, or written with another prior: ask for it again.",
  });
}
