import { mediaTypeOf } from "../http/index.js";
import { ProtocolError } from "../shared/errors.js";
import { cacheHeaders, type CachedResponse, type CacheHit } from "./cache/index.js";
import type { ProxyCore } from "./core.js";
import type { LoggedRequest } from "./logged-request.js";
import { recodeEvents } from "./m2m/index.js";
import type { Prepared } from "./prepare.js";
import { UsageMeter, type ProviderApi } from "./providers/index.js";
import type { ClientStream } from "./relay/client-stream.js";
import { decodeContent } from "./relay/content-coding.js";
import { scanAnswer } from "./security/scan-answer.js";
import { SseReader } from "./sse/index.js";

/** Most that is made of a kept body which has a coding. */
const MAX_CONTENT_BYTES = 16 * 1024 * 1024;

/**
 * Answers with what an equal request was answered with, in the form that this client reads.
 * @throws {SecurityThreat} {ProtocolError} as `scanAnswer`, before anything is sent
 */
export async function sendCached(
  core: ProxyCore,
  stream: ClientStream,
  hit: CacheHit,
  { api, reply, replyHeaders }: Pick<Prepared, "api" | "reply" | "replyHeaders">,
  logged: LoggedRequest,
): Promise<void> {
  const { status, headers: kept, body } = hit.response;
  const { blocking, scanResponses } = core.settings;
  // Another proxy may have kept it, which scans nothing or refuses nothing.
  if (scanResponses) {
    const judged = scan(core, api, hit.response, logged);
    if (blocking) await judged;
    else judged.catch(() => {});
  }
  const headers = [...kept.flat(), ...Object.entries(cacheHeaders(hit)).flat(), ...replyHeaders];
  const answer = !reply
    ? { body, headers }
    : isEvents(hit.response)
      ? { body: recodeEvents(body, reply), headers }
      : reply.encodeBody(body, headers);
  stream.head(status, [...answer.headers, "content-length", String(answer.body.length)]);
  stream.end(answer.body);
}

/** Judges it by what it was judged by when it came, so that the verdict is mostly known. */
async function scan(
  core: ProxyCore,
  api: ProviderApi,
  response: CachedResponse,
  logged: LoggedRequest,
): Promise<void> {
  const { buffer, byteOffset, byteLength } = response.body;
  const body = Buffer.from(buffer, byteOffset, byteLength);
  const content = decodeContent(body, headerOf(response, "content-encoding"), MAX_CONTENT_BYTES);
  if (!content) throw new ProtocolError("M2M_SCAN_FAILED", "The answer could not be scanned.");
  await scanAnswer(core, logged, isEvents(response) ? saidIn(api, content) : content);
}

function saidIn(api: ProviderApi, events: Buffer): string {
  const meter = new UsageMeter(api);
  const reader = new SseReader();
  reader.push(events, (event) => meter.observe(event));
  return meter.output;
}

function isEvents(response: CachedResponse): boolean {
  return mediaTypeOf(headerOf(response, "content-type")) === "text/event-stream";
}

function headerOf({ headers }: CachedResponse, name: string): string | undefined {
  return headers.find(([one]) => one === name)?.[1];
}
