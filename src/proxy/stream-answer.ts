import { upstreamError } from "./attempt-error.js";
import { failureOf } from "./api-errors.js";
import type { ProxyCore } from "./core.js";
import type { Prepared } from "./prepare.js";
import { errorEvent, UsageMeter } from "./providers/index.js";
import type { ClientStream } from "./relay/client-stream.js";
import { EventRelay, type EventPacker } from "./relay/event-relay.js";
import { BodyTap, type ResponseRelay } from "./relay/relay.js";
import { LimitError, M2MError } from "../shared/errors.js";

/** Streams up to this size are kept by the cache. */
const MAX_KEPT_BYTES = 1024 * 1024;

export interface StreamOptions {
  /** Takes the whole stream, as a client gets it without M2M, if it came to its end. */
  readonly keep: (stream: Buffer) => void;
  /** Whether the event that ends the stream waits for the judgement, with all behind it. */
  readonly holdEnd: boolean;
  /** Makes one wire of the stream. */
  readonly packer?: EventPacker;
  /** Judges what was said, when all is; rejects if the client is to be told that it is refused. */
  readonly judge?: (output: string) => Promise<void>;
}

/** What passes an event stream on: opened and packed as is asked for, and read on its way. */
export function streamRelay(
  { settings, peer }: ProxyCore,
  { api, dialect, stripsUsage, cache, reply }: Prepared,
  stream: ClientStream,
  { keep, holdEnd, judge, packer }: StreamOptions,
): { readonly relay: ResponseRelay; readonly meter: UsageMeter } {
  const meter = new UsageMeter(api);
  const tap = cache && new BodyTap(MAX_KEPT_BYTES, keep);
  /** The end, and what stands behind it. */
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  const holdBack = (bytes: Uint8Array, isEnd: boolean): Uint8Array | undefined => {
    if (!holdEnd || (!isEnd && held.length === 0)) return bytes;
    heldBytes += bytes.length;
    if (heldBytes > settings.maxBodyBytes)
      throw new LimitError(
        "M2M_INPUT_TOO_LARGE",
        `More than ${settings.maxBodyBytes} bytes stand behind the end of the stream.`,
      );
    held.push(bytes);
    return undefined;
  };
  const failureEvent = (error: Error): string => {
    const reason = error instanceof M2MError ? error : upstreamError(error);
    return errorEvent(api, dialect, failureOf(reason), meter.nextSequenceNumber);
  };
  const relay = new EventRelay(stream, {
    maxEventBytes: settings.maxBodyBytes,
    pass: (received) => {
      if (!received.complete) return holdBack(received.raw, false);
      const event = peer ? peer.decodeEvent(received) : received;
      const mark = meter.observe(event);
      if (stripsUsage && mark === "usage-only") return undefined;
      tap?.add(Buffer.from(event.raw));
      const bytes = reply && !packer ? reply.encodeEvent(event) : event.raw;
      return holdBack(bytes, mark === "end");
    },
    finish: () => {
      // A stream that was cut, or that told of a failure, is not what the next one is to get.
      const finish = (): Uint8Array => {
        if (meter.ended && !meter.hasFailed) tap?.finish();
        return Buffer.concat(held);
      };
      if (!judge) return finish();
      const judged = judge(meter.output);
      if (holdEnd) return judged.then(finish);
      judged.catch(() => {});
      return finish();
    },
    fail: failureEvent,
    packer,
  });
  return { relay, meter };
}
