import type { EventBytes, EventEnd } from "./arithmetic/range-coder.js";
import type { Prior } from "./prior/prior.js";

/** What a coded message was read as. Whether it is right only a checksum tells. */
export interface Decoded {
  /** Absent: it has more bytes than was allowed. */
  readonly content?: Uint8Array;
  /** What was read has this many bytes, or up to 4 more. */
  readonly neededBytes: number;
}

/** Codes messages under one prior, each for itself. Two implementations give the same bytes: TypeScript and WebAssembly. */
export interface MessageCoder {
  readonly prior: Prior;
  /** The coded bytes of `content`, which do not say how many they are; `undefined` if they would be more than `maxBytes`. */
  encode(content: Uint8Array, maxBytes: number): Uint8Array | undefined;
  decode(coded: Uint8Array, maxBytes: number): Decoded;
  /** @param windowBytes most bytes of earlier messages that are looked back at */
  createHistory(windowBytes: number): HistoryCoder;
}

/**
 * Codes messages, or events of a stream, that follow each other: each with what came before as context. Both ends take the
 * same steps; after a failure nothing but `restart` helps.
 */
export interface HistoryCoder {
  /** Forgets everything that came before. */
  restart(): void;
  /** Takes in what went another way, so that later messages can look back at it. */
  absorb(content: Uint8Array): void;
  encodeMessage(content: Uint8Array): Uint8Array;
  decodeMessage(coded: Uint8Array, maxBytes: number): Decoded;
  /**
   * The coded bytes of an event of at most `MAX_EVENT_BYTES`; `undefined` is the end of the stream. They tell themselves where they end.
   * @param check its lowest bits are carried as far as there is room
   * @param leastBits of the check that are carried
   */
  encodeEvent(event: Uint8Array | undefined, check: number, leastBits: number): EventBytes;
  /**
   * Reads an event, or goes on with it: `bytes`, at most 2^20, begin with what the last call did not use up.
   * @param leastBits as when it was written
   */
  decodeEvent(bytes: Uint8Array, maxBytes: number, leastBits: number): DecodedEvent;
}

/** An event as far as it was read. Whether it is right only its check tells. */
export type DecodedEvent =
  /** It, or the end of the stream. */
  | (EventEnd & { readonly kind: "event"; readonly content: Uint8Array })
  | (EventEnd & { readonly kind: "last" })
  | { readonly kind: "long" }
  /** Bytes are missing. */
  | { readonly kind: "starved"; readonly usedBytes: number };
