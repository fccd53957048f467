import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { Answer } from "./answer.js";
import type { SeenRequest } from "./seen-request.js";

/** What the upstream does with one answer instead of simply sending it. */
export type Delivery = (answer: Answer, response: ServerResponse, seen: SeenRequest) => Promise<void> | void;

const SLOW_START_MS = 150;
const SLOW_GAP_MS = 40;
const HUGE_BYTES = 24 * 1024 * 1024;
const FLOOD_BYTES = 256 * 1024 * 1024;

/** Deliveries by the name that a test (or a client, in the header `x-script`) asks for. */
export const DELIVERIES = {
  ok: (answer, response, seen) => send(answer, response, seen),

  /** Takes the request and says nothing, until the client goes. */
  stall: () => {},

  /** Headers and the first half, then nothing. */
  "stall-midway": async (answer, response, seen) => {
    startAnswer(answer, response);
    await write(response, seen, halfOf(answer));
  },

  /** Headers late, events apart. */
  slow: async (answer, response, seen) => {
    await delay(SLOW_START_MS);
    await send(answer, response, seen, SLOW_GAP_MS);
  },

  /** Ends the connection in the middle of an event, or of the body. */
  "cut-mid-event": async (answer, response, seen) => {
    startAnswer(answer, response);
    await write(response, seen, halfOf(answer));
    seen.breaks = true;
    response.socket?.destroySoon();
  },

  /** As `cut-mid-event`, but the connection is reset. */
  "reset-mid-event": async (answer, response, seen) => {
    startAnswer(answer, response);
    await write(response, seen, halfOf(answer));
    seen.breaks = true;
    response.socket?.resetAndDestroy();
  },

  /** Ends the stream in good order, but in the middle of an event and without its last events. */
  "end-mid-event": async (answer, response, seen) => {
    startAnswer({ ...answer, body: undefined }, response);
    await write(response, seen, halfOf(answer));
    response.end();
  },

  /** Bytes that are no HTTP. */
  garbage: (_, response, seen) => {
    seen.breaks = true;
    response.socket?.end(Buffer.from("\x16\x03\x01\x00\xa5 this is no HTTP \xff\xfe\r\n\r\n", "latin1"));
  },

  /** HTTP in good order, and a body that is neither JSON nor events. */
  "garbage-body": (answer, response) => {
    response.writeHead(200, answer.headers);
    response.end(Buffer.from('\xff\xfe{not json\x00\r\n\r\ndata: {"half\n\n: \xc3\n', "latin1"));
  },

  /** A stream with an event in it whose data is no JSON. */
  "garbage-event": async (answer, response, seen) => {
    const events = answer.events ?? [answer.body!.toString()];
    await send({ ...answer, events: [events[0], "data: {not json\n\n", ...events.slice(1)] }, response, seen);
  },

  "close-before-headers": (_, response, seen) => {
    seen.breaks = true;
    response.socket?.end();
  },

  reset: (_, response, seen) => {
    seen.breaks = true;
    response.socket?.resetAndDestroy();
  },

  /** A good answer with a body, or an event, of 24 MiB. */
  huge: async (answer, response, seen) => {
    const padding = "x".repeat(HUGE_BYTES);
    const enlarge = (text: string): string => text.replace(/\{/u, `{"padding":"${padding}",`);
    if (answer.events)
      await send(
        { ...answer, events: [enlarge(answer.events[0]), ...answer.events.slice(1)] },
        response,
        seen,
      );
    else await send({ ...answer, body: Buffer.from(enlarge(answer.body!.toString())) }, response, seen);
  },

  /** Events for as long as the client reads (256 MiB at most), never more than it takes. */
  flood: async (answer, response, seen) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const event = Buffer.from(answer.events?.[1] ?? "data: {}\n\n");
    const block = Buffer.concat(Array.from({ length: 200 }, () => event));
    while (seen.sentBytes < FLOOD_BYTES && !response.destroyed) await write(response, seen, block);
    response.end();
  },

  /** A chunked body whose second chunk has no length. */
  "bad-chunking": (answer, response, seen) => {
    seen.breaks = true;
    const first = answer.events?.[0] ?? "{";
    const type = answer.headers["content-type"];
    response.socket?.end(
      `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n` +
        `${Buffer.byteLength(first).toString(16)}\r\n${first}\r\nZZ\r\nnever a chunk\r\n0\r\n\r\n`,
    );
  },

  /** Sends elsewhere: to this upstream, at a path that says that the way was followed. */
  redirect: (_, response) => {
    response.writeHead(307, { location: "/v1/followed", "content-length": "0" }).end();
  },

  "no-usage": (answer, response, seen) => send(answer, response, seen),

  /** In pieces of one to seven bytes: through characters, line ends and events. */
  split: async (answer, response, seen) => {
    startAnswer(answer, response);
    const bytes = wholeOf(answer);
    for (let at = 0, size = 1; at < bytes.length; at += size, size = (size % 7) + 1) {
      await write(response, seen, bytes.subarray(at, at + size));
      await turn();
    }
    response.end();
  },

  /** All events in one piece. */
  joined: async (answer, response, seen) => {
    startAnswer(answer, response);
    await write(response, seen, wholeOf(answer));
    response.end();
  },

  crlf: (answer, response, seen) =>
    send(
      { ...answer, events: answer.events?.map((event) => event.replaceAll("\n", "\r\n")) },
      response,
      seen,
    ),

  cr: (answer, response, seen) =>
    send({ ...answer, events: answer.events?.map((event) => event.replaceAll("\n", "\r")) }, response, seen),

  /** With comments between the events, as keep-alives. */
  comments: (answer, response, seen) =>
    send(
      { ...answer, events: answer.events?.flatMap((event) => [": keep-alive\n\n", event]) },
      response,
      seen,
    ),

  gzip: (answer, response) => {
    const headers = { ...answer.headers, "content-encoding": "gzip" };
    response.writeHead(answer.status, headers).end(gzipSync(wholeOf(answer)));
  },

  "no-content": (answer, response) => {
    const { "content-type": _, ...headers } = answer.headers;
    response.writeHead(204, headers).end();
  },
} satisfies Record<string, Delivery>;
export type DeliveryName = keyof typeof DELIVERIES;

export function isDeliveryName(name: string): name is DeliveryName {
  return Object.hasOwn(DELIVERIES, name);
}

/** Sends an answer in good order, its events one by one, `gapMs` apart. */
export async function send(
  answer: Answer,
  response: ServerResponse,
  seen: SeenRequest,
  gapMs = 0,
): Promise<void> {
  startAnswer(answer, response);
  if (!answer.events) await write(response, seen, answer.body!);
  for (const event of answer.events ?? []) {
    await write(response, seen, Buffer.from(event));
    // A turn of the event loop: the events leave as pieces of their own.
    await (gapMs > 0 ? delay(gapMs) : turn());
    if (response.destroyed) return;
  }
  response.end();
}

function startAnswer({ status, headers, body }: Answer, response: ServerResponse): void {
  response.writeHead(status, body ? { ...headers, "content-length": String(body.length) } : headers);
  response.flushHeaders();
}

/** Writes, and waits for a connection that takes no more. */
async function write(response: ServerResponse, seen: SeenRequest, bytes: Buffer): Promise<void> {
  if (response.destroyed) return;
  seen.sentBytes += bytes.length;
  if (response.write(bytes)) return;
  const settled = new AbortController();
  const { signal } = settled;
  await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]).finally(() =>
    settled.abort(),
  );
}

function wholeOf({ body, events }: Answer): Buffer {
  return body ?? Buffer.from(events!.join(""));
}

/** The first half: of a stream, whole events and then a part of one. */
function halfOf(answer: Answer): Buffer {
  if (!answer.events) return answer.body!.subarray(0, Math.ceil(answer.body!.length / 2));
  const middle = Math.ceil(answer.events.length / 2);
  const next = answer.events[middle] ?? "";
  return Buffer.from(answer.events.slice(0, middle).join("") + next.slice(0, Math.ceil(next.length / 2)));
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
