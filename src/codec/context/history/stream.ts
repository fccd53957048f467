import { assertOptions } from "../../../shared/bounds.js";
import { crc32 } from "../../../shared/crc32.js";
import { concatBytes } from "../../../shared/bytes.js";
import { assertBytes } from "../../../shared/content.js";
import { FormatError, IntegrityError, ProtocolError } from "../../../shared/errors.js";
import { type Limits, outputTooLarge, resolveLimits } from "../../../shared/limits.js";
import { defaultPriors, type PriorCache } from "../prior/prior-cache.js";
import { readHistoryOpening, STREAM_OPENING, truncated } from "../wire/header.js";
import { follow } from "./chain.js";
import type { HistoryCoder } from "../coders.js";

/** Bytes of earlier events that a stream looks back at. */
const WINDOW_BYTES = 65536;
/** Longer events are cut into pieces of this many bytes: what one writes is always remembered. */
const MAX_EVENT_BYTES = 4096;
/** Bits of the check that events carry each, on average at least, and by how many they may fall behind. */
const OWED_BITS = 3;
const MOST_OWED_BITS = 7;
/** Coded bytes that a coder is given at once: it copies them, and an event has few. */
const MOST_READ_BYTES = 1024;

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
  #owed = new OwedBits();
  #isEnded = false;

  /** @throws {InputError} `M2M_USAGE` */
  constructor(options: StreamOptions = {}) {
    assertOptions("The options", options);
    const engine = (options.priors ?? defaultPriors).current;
    this.#hash = engine.prior.hash;
    this.#coder = engine.createHistory(WINDOW_BYTES);
    this.#opening = Uint8Array.of(STREAM_OPENING, this.#hash & 255);
  }

  /**
   * The wire of the next event, any bytes; best ended by a blank line. One of more than 4096 bytes is written as several of up to that
   * many, and comes back as such: what tells events apart is theirs.
   * @throws {ProtocolError} `M2M_PROTOCOL_STATE` behind the end
   * @throws {InputError} `M2M_USAGE` if it is no Uint8Array
   */
  push(event: Uint8Array): Uint8Array {
    assertBytes("An event", event);
    this.#assertOpen();
    const parts = this.#open();
    for (let at = 0; at < event.length; at += MAX_EVENT_BYTES) {
      parts.push(this.#encode(event.subarray(at, at + MAX_EVENT_BYTES)));
    }
    return concatBytes(parts);
  }

  /** The end of the stream: nothing may be pushed afterwards. */
  end(): Uint8Array {
    this.#assertOpen();
    this.#isEnded = true;
    const check = new Uint8Array(4);
    new DataView(check.buffer).setUint32(0, (this.#chain ^ this.#hash) >>> 0, true);
    return concatBytes([...this.#open(), this.#code(undefined), check]);
  }

  #open(): Uint8Array[] {
    const opening = this.#opening;
    this.#opening = undefined;
    return opening === undefined ? [] : [opening];
  }

  #encode(event: Uint8Array): Uint8Array {
    this.#chain = follow(this.#chain, crc32(event));
    return this.#code(event);
  }

  #code(event: Uint8Array | undefined): Uint8Array {
    const { bytes, checkBits } = this.#coder.encodeEvent(event, this.#chain, this.#owed.least);
    this.#owed.pay(checkBits);
    return bytes;
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
  #owed = new OwedBits();
  /** Behind the last event: its check follows. */
  #isLast = false;
  #isEnded = false;

  /** @throws {InputError} `M2M_USAGE` */
  constructor(options: StreamOptions = {}) {
    assertOptions("The options", options);
    this.#priors = options.priors ?? defaultPriors;
    this.#limits = resolveLimits(options.limits);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * What is complete with `bytes`, in order: events, those of more than 4096 bytes in pieces of that many and a rest.
   * @throws {InputError} `M2M_USAGE` if it is no Uint8Array
   * @throws {FormatError} `M2M_WIRE_UNKNOWN`, `M2M_CONTEXT_INVALID`
   * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED`, `M2M_PRIOR_MISSING`
   * @throws {IntegrityError} `M2M_CHECKSUM_MISMATCH`
   * @throws {LimitError} `M2M_OUTPUT_TOO_LARGE`
   */
  push(bytes: Uint8Array): Uint8Array[] {
    assertBytes("A part of a stream", bytes);
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

  /** Reads what is next, as far as its bytes are there. @returns whether there may be more */
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
    if (this.#isLast) return this.#readEnd(bytes, cursor);
    return left > 0 && this.#readEvent(this.#coder, bytes, cursor, events);
  }

  #readEvent(
    coder: HistoryCoder,
    bytes: Uint8Array,
    cursor: { offset: number },
    events: Uint8Array[],
  ): boolean {
    const most = Math.min(MAX_EVENT_BYTES, this.#limits.maxOutputBytes);
    const there = bytes.subarray(cursor.offset, cursor.offset + MOST_READ_BYTES);
    const isCut = cursor.offset + there.length < bytes.length;
    const read = coder.decodeEvent(there, most, this.#owed.least);
    if (read.kind === "long") {
      if (most < MAX_EVENT_BYTES) throw outputTooLarge(this.#limits);
      throw new FormatError("M2M_CONTEXT_INVALID", `An event has more than ${MAX_EVENT_BYTES} bytes.`);
    }
    cursor.offset += read.usedBytes;
    if (read.kind === "starved") return isCut;
    if (read.kind === "event") this.#chain = follow(this.#chain, crc32(read.content));
    this.#owed.pay(read.checkBits);
    if (read.check !== (this.#chain & ((1 << read.checkBits) - 1))) throw mismatch();
    if (read.kind === "event") events.push(read.content);
    else this.#isLast = true;
    return true;
  }

  #readEnd(bytes: Uint8Array, cursor: { offset: number }): boolean {
    if (bytes.length - cursor.offset < 4) return false;
    const check = new DataView(bytes.buffer, bytes.byteOffset).getUint32(cursor.offset, true);
    if (check !== (this.#chain ^ this.#hash) >>> 0) throw mismatch();
    cursor.offset += 4;
    this.#isEnded = true;
    return true;
  }
}

/** How many bits of the check the events so far have left to those behind them. */
class OwedBits {
  #bits = 0;

  /** Bits that the next event carries at least. */
  get least(): number {
    return Math.max(0, this.#bits + OWED_BITS - MOST_OWED_BITS);
  }

  pay(bits: number): void {
    this.#bits = Math.max(0, this.#bits + OWED_BITS - bits);
  }
}

function mismatch(): IntegrityError {
  return new IntegrityError("M2M_CHECKSUM_MISMATCH", "The events are not those that were compressed.", {
    hint: "The stream was changed, or written with another prior: ask for it again.",
  });
}
