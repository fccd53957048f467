import type { EndFrame, Frame, MessageFrame } from "../frames/index.js";
import { unexpected } from "./credit.js";
import type { StreamEvents } from "./options.js";
import type { Stream } from "./stream.js";

/** What may come early (docs/spec/aitcp.md, Early frames). */
type EarlyFrame = MessageFrame | EndFrame;

/** Whether all frames may be early ones, of streams that nothing is known of. @param first the lowest of those */
export function isEarlyNew(frames: readonly Frame[], first: number): frames is readonly EarlyFrame[] {
  return frames.every((frame) => (frame.type === "message" || frame.type === "end") && frame.stream >= first);
}

/**
 * Takes early frames into their streams, which can be answered at once.
 * @param streamOf opens a stream that is new, on which nothing was sent before, also not by another process
 * @throws {ProtocolError} `M2M_FRAME_UNEXPECTED`; {LimitError} `M2M_CREDIT_EXCEEDED`
 */
export function receiveEarly(
  frames: readonly EarlyFrame[],
  streamOf: (id: number) => Stream,
  events: StreamEvents,
): void {
  let stream: Stream | undefined;
  for (const frame of frames) {
    if (stream && frame.stream < stream.id) unexpected("Early frames are not in the order of their streams.");
    if (stream?.id !== frame.stream) stream = streamOf(frame.stream);
    stream.isFresh = stream.isListed = true;
    if (frame.type === "message") {
      stream.receive.acceptEarly(frame);
      events.onMessage?.(stream.id);
    } else {
      stream.receive.end(frame);
      events.onEnd?.(stream.id);
    }
  }
}
