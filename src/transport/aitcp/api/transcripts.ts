import type { AiTcpPeer } from "../handshake/index.js";
import { TranscriptWriter } from "../turn/index.js";

/** Takes the bytes of a transcript, in order. It is not waited for, and may not throw. */
export type TranscriptSink = (bytes: Uint8Array) => void;

/** Says where the transcript of a session goes, if anywhere. */
export type OpenTranscript = (session: {
  readonly id: string;
  readonly peer: AiTcpPeer;
}) => TranscriptSink | undefined;

export function makeTranscript(
  open: OpenTranscript | undefined,
  id: Uint8Array,
  peer: AiTcpPeer,
): TranscriptWriter | undefined {
  const sink = open?.({ id: Buffer.from(id).toString("hex"), peer });
  return sink && new TranscriptWriter(sink);
}
