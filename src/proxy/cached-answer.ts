import { cacheHeaders, type CacheHit } from "./cache/index.js";
import type { ReplyCodec } from "./m2m/index.js";
import { recodeEvents } from "./m2m/index.js";
import type { ClientStream } from "./relay/client-stream.js";

/** Answers with what an equal request was answered with, in the form that this client reads. */
export function sendCached(
  stream: ClientStream,
  hit: CacheHit,
  replyHeaders: readonly string[],
  reply: ReplyCodec | undefined,
): void {
  const { status, headers: kept, body } = hit.response;
  const type = kept.find(([name]) => name === "content-type")?.[1] ?? "";
  const headers = [...kept.flat(), ...Object.entries(cacheHeaders(hit)).flat(), ...replyHeaders];
  const isEvents = type.startsWith("text/event-stream");
  const answer = !reply
    ? { body, headers }
    : isEvents
      ? { body: recodeEvents(body, reply), headers }
      : reply.encodeBody(body, headers);
  stream.head(status, [...answer.headers, "content-length", String(answer.body.length)]);
  stream.end(answer.body);
}
