import { cacheHeaders, type CacheHit } from "./cache/index.js";
import type { ClientStream } from "./relay/client-stream.js";

/** Answers with what an equal request was answered with. */
export function sendCached(stream: ClientStream, hit: CacheHit, replyHeaders: readonly string[]): void {
  const { status, headers, body } = hit.response;
  const own = Object.entries(cacheHeaders(hit)).flat();
  const length = ["content-length", String(body.length)];
  stream.head(status, [...headers.flat(), ...length, ...own, ...replyHeaders]);
  stream.end(body);
}
