import type { ServerResponse } from "node:http";

/** Bytes of a refused body that are read and dropped so that the answer gets through, and the time for it. */
const LINGER_BYTES = 128 * 1024 * 1024;
const LINGER_MS = 5000;

/**
 * Answers before the request may have arrived. If the body of the request has not arrived whole, the connection ends with the
 * answer; the rest is read first for a while, because a reset of the connection, which is what unread bytes cause, would take the answer
 * from the client.
 * @param headers name, value, name, value; without the length
 */
export function answerEarly(
  response: ServerResponse,
  status: number,
  headers: readonly string[],
  body: Buffer,
): void {
  const request = response.req;
  const isWhole = request.complete;
  if (!isWhole) response.shouldKeepAlive = false;
  response.writeHead(status, [...headers, "content-length", String(body.length)]);
  if (isWhole) {
    response.end(body);
    return;
  }
  // The client has all of the answer now.
  response.write(body);
  let left = LINGER_BYTES;
  const end = (): void => {
    clearTimeout(timer);
    request.off("data", count);
    response.end();
  };
  const count = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left < 0) end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.on("data", count).once("end", end).once("error", end).once("close", end);
  request.resume();
}
