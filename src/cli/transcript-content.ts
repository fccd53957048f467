import { CodecEngine } from "../codec/index.js";
import {
  LinkHistory,
  readBinaryData,
  readMessage,
  readTypedMessage,
  type DataMessage,
} from "../session/index.js";
import { M2MError } from "../shared/errors.js";
import type { TranscriptMessage } from "../transport/index.js";

/** What a message of an M2M session carries, decompressed. */
export interface CarriedContent {
  readonly algorithm: string;
  readonly bytes: Uint8Array;
}

/** Streams whose windows are kept, each of about 1 MB. */
const MAX_STREAMS = 64;
/** Of all contents together: a short transcript may have much in it. */
const MAX_BYTES = 256 * 1024 * 1024;

/** The session that a stream carries, one way. */
interface Carried {
  readonly history: LinkHistory;
  /** The message that the next one has to be, for windows that go on from the ones before. */
  next: number;
}

/**
 * Opens what messages of a transcript carry, in the order in which they were sent. What is compressed by what went before it on its stream is
 * opened as long as the transcript has all of that.
 */
export class TranscriptContents {
  readonly #engine = new CodecEngine({});
  readonly #carried = new Map<string, Carried>();
  #bytes = 0;

  /** @returns `undefined` for what is no DATA of an M2M session, or cannot be opened from here */
  open({ by, stream, number, content }: TranscriptMessage): CarriedContent | undefined {
    if (this.#bytes > MAX_BYTES) return undefined;
    const message = content && readData(content);
    const key = `${by} ${stream}`;
    const carried = this.#carried.get(key) ?? this.#begin(key);
    // One that was sent again has been in its window already.
    const isNext = number === carried.next;
    if (isNext) carried.next++;
    if (!message) return undefined;
    try {
      const alone = isNext ? carried.history.read(message) : message;
      const { algorithm } = message;
      const { bytes } = this.#engine.decompress(alone.content);
      this.#bytes += bytes.length;
      return this.#bytes > MAX_BYTES ? undefined : { algorithm, bytes };
    } catch (error) {
      if (error instanceof M2MError) return undefined;
      throw error;
    }
  }

  #begin(key: string): Carried {
    // Of one that was let go of, nothing more can be opened: its numbers do not begin at 0 again.
    const [oldest] = this.#carried.keys();
    if (this.#carried.size >= MAX_STREAMS) this.#carried.delete(oldest);
    const carried = { history: new LinkHistory({ maxPayloadBytes: 0 }), next: 0 };
    this.#carried.set(key, carried);
    return carried;
  }
}

function readData(bytes: Uint8Array): DataMessage | undefined {
  try {
    const { isBinary, body } = readTypedMessage(bytes);
    // Whose session it is, is of no account here.
    const message = isBinary
      ? readBinaryData(body, UNKNOWN_SESSION)
      : readMessage(body, { maxMessageBytes: Infinity });
    return message.type === "DATA" ? message : undefined;
  } catch (error) {
    if (error instanceof M2MError) return undefined;
    throw error;
  }
}

const UNKNOWN_SESSION = "00000000-0000-4000-8000-000000000000";
