import {
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflateRaw,
  createInflateRaw,
  type Zlib,
} from "node:zlib";
import type { Transform } from "node:stream";
import { StreamDecoder, StreamEncoder } from "../../../src/codec/index.js";
import type { Dictionaries } from "./dictionaries.js";
import { openFormats, type OpenFormat } from "./measure.js";

/** One end of a stream: each event gives a chunk that can be read on arrival. */
export interface StreamEnd {
  push(part: Uint8Array): Uint8Array | Promise<Uint8Array>;
  close?(): void;
}

export interface StreamFormat {
  readonly name: string;
  /** The sending end: an event in, its bytes on the wire out. */
  open(): StreamEnd;
  /** The receiving end: a chunk in, its event out. */
  openReader(): StreamEnd;
}

export interface StreamTotals {
  readonly name: string;
  readonly wireBytes: number;
}

/** What `Z_SYNC_FLUSH` ends with; the reader can put it back (RFC 7692, section 7.2.1). */
const DEFLATE_TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** The formats that keep their state from event to event, and those of single messages, event by event. */
export async function streamFormats(dictionaries: Partial<Dictionaries>): Promise<StreamFormat[]> {
  const single = await openFormats(dictionaries);
  return [
    CONTEXT_STREAM,
    flushedBrotli(11),
    flushedBrotli(5),
    flushedDeflate("deflate 9, flushed"),
    ...(dictionaries.deflate
      ? [flushedDeflate("deflate 9 + dictionary, flushed", dictionaries.deflate)]
      : []),
    ...single.filter(({ format }) => format.alone).map(eventByEvent),
  ];
}

/**
 * Sends streams through each format, event by event.
 * @param streams the events of each stream
 * @throws {Error} if an event cannot be read from the chunks up to its own
 */
export async function measureStreams(
  formats: readonly StreamFormat[],
  streams: readonly (readonly Uint8Array[])[],
): Promise<StreamTotals[]> {
  const totals: StreamTotals[] = [];
  for (const format of formats) {
    let wireBytes = 0;
    for (const events of streams) {
      const writer = format.open();
      const reader = format.openReader();
      for (const event of events) {
        const chunk = await writer.push(event);
        wireBytes += chunk.length;
        if (Buffer.compare(await reader.push(chunk), event) !== 0) {
          throw new Error(`${format.name}: an event does not come back.`);
        }
      }
      writer.close?.();
      reader.close?.();
    }
    totals.push({ name: format.name, wireBytes });
  }
  return totals;
}

const CONTEXT_STREAM: StreamFormat = {
  name: "wire dictionary, stream",
  open() {
    const encoder = new StreamEncoder();
    return { push: (event) => encoder.push(event) };
  },
  openReader() {
    const decoder = new StreamDecoder();
    return { push: (chunk) => Buffer.concat(decoder.push(chunk)) };
  },
};

function flushedBrotli(quality: number): StreamFormat {
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality };
  return {
    name: `brotli ${quality}, flushed`,
    open: () => flushed(createBrotliCompress({ params }), constants.BROTLI_OPERATION_FLUSH),
    openReader: () => flushed(createBrotliDecompress(), constants.BROTLI_OPERATION_FLUSH),
  };
}

function flushedDeflate(name: string, dictionary?: Uint8Array): StreamFormat {
  return {
    name,
    open() {
      const end = flushed(createDeflateRaw({ level: 9, dictionary }), constants.Z_SYNC_FLUSH);
      return { ...end, push: async (event) => (await end.push(event)).subarray(0, -DEFLATE_TAIL.length) };
    },
    openReader() {
      const end = flushed(createInflateRaw({ dictionary }), constants.Z_SYNC_FLUSH);
      return { ...end, push: (chunk) => end.push(Buffer.concat([chunk, DEFLATE_TAIL])) };
    },
  };
}

function flushed(stream: Transform & Zlib & { flush(kind: number, done: () => void): void }, kind: number) {
  const parts: Buffer[] = [];
  stream.on("data", (part: Buffer) => parts.push(part));
  return {
    async push(part: Uint8Array): Promise<Uint8Array> {
      await new Promise<void>((resolve, reject) => {
        stream.once("error", reject);
        stream.write(part);
        stream.flush(kind, () => {
          stream.off("error", reject);
          resolve();
        });
      });
      return Buffer.concat(parts.splice(0));
    },
    close: () => stream.destroy(),
  };
}

function eventByEvent({ format, coder }: OpenFormat): StreamFormat {
  return {
    name: `${format.name}, each event alone`,
    open: () => ({ push: (event) => coder.compress(event) }),
    openReader: () => ({ push: (chunk) => coder.decompress(chunk) }),
  };
}
