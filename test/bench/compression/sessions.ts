import { deflateRawSync, inflateRawSync } from "node:zlib";
import { SessionDecoder, SessionEncoder } from "../../../src/codec/index.js";
import type { Dictionaries } from "./dictionaries.js";
import { openFormats } from "./measure.js";
import { loadZstd } from "./zstd.js";

/** One end of a session, which may remember what it sent or received. */
export interface SessionEnd {
  send(message: Uint8Array): Uint8Array;
  receive(wire: Uint8Array): Uint8Array;
}

export interface SessionFormat {
  readonly name: string;
  open(): SessionEnd;
}

export interface SessionTotals {
  readonly name: string;
  readonly firstBytes: number;
  /** Of the turns after the first. */
  readonly laterBytes: number;
}

/** Bytes that a dictionary of deflate can have. */
const DEFLATE_WINDOW_BYTES = 32_768;

export async function sessionFormats(dictionaries: Partial<Dictionaries>): Promise<SessionFormat[]> {
  const single = await openFormats(dictionaries);
  const loaded = await loadZstd();
  return [
    { name: "wire dictionary, session", open: openContextSession },
    ...single
      .filter(({ format }) => format.alone)
      .map(({ format, coder }) => ({
        name: `${format.name}, each message alone`,
        open: () => ({ send: coder.compress, receive: coder.decompress }),
      })),
    afterPrevious("deflate 9 after the message before", {
      compress(message, previous) {
        const dictionary = previous?.subarray(-DEFLATE_WINDOW_BYTES);
        return deflateRawSync(message, { level: 9, dictionary });
      },
      decompress(wire, previous) {
        return inflateRawSync(wire, { dictionary: previous?.subarray(-DEFLATE_WINDOW_BYTES) });
      },
    }),
    afterPrevious("zstd 19 after the message before", {
      compress: (message, previous) => using(loaded(19, previous), (coder) => coder.compress(message)),
      decompress: (wire, previous) => using(loaded(19, previous), (coder) => coder.decompress(wire)),
    }),
  ];
}

function openContextSession(): SessionEnd {
  const [encoder, decoder] = [new SessionEncoder(), new SessionDecoder()];
  return { send: (message) => encoder.encode(message), receive: (wire) => decoder.decode(wire) };
}

/**
 * Replays conversations through each format, a session each.
 * @param conversations the messages of each, in order
 * @throws {Error} if a message does not come back at the other end
 */
export function measureSessions(
  formats: readonly SessionFormat[],
  conversations: readonly (readonly Uint8Array[])[],
): SessionTotals[] {
  return formats.map((format) => {
    let firstBytes = 0;
    let laterBytes = 0;
    for (const messages of conversations) {
      const [client, server] = [format.open(), format.open()];
      messages.forEach((message, turn) => {
        const wire = client.send(message);
        if (turn === 0) firstBytes += wire.length;
        else laterBytes += wire.length;
        if (Buffer.compare(server.receive(wire), message) !== 0) {
          throw new Error(`${format.name}: turn ${turn + 1} of a conversation does not come back.`);
        }
      });
    }
    return { name: format.name, firstBytes, laterBytes };
  });
}

interface Continuing {
  compress(message: Uint8Array, previous?: Uint8Array): Uint8Array;
  decompress(wire: Uint8Array, previous?: Uint8Array): Uint8Array;
}

/** A session in which the message before is the dictionary of the next. */
function afterPrevious(name: string, { compress, decompress }: Continuing): SessionFormat {
  return {
    name,
    open() {
      let previous: Uint8Array | undefined;
      return {
        send(message) {
          const wire = compress(message, previous);
          previous = message;
          return wire;
        },
        receive(wire) {
          const message = decompress(wire, previous);
          previous = message;
          return message;
        },
      };
    },
  };
}

function using<Coder extends { close(): void }>(coder: Coder, use: (coder: Coder) => Uint8Array): Uint8Array {
  try {
    return use(coder);
  } finally {
    coder.close();
  }
}
