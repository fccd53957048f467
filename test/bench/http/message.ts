/** Splits what a connection brings into whole requests; knows lengths and chunks, and what benchmarks send. */
export class CompleteRequests {
  #rest: Buffer = Buffer.alloc(0);

  /** The requests that are whole with these bytes. */
  add(bytes: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const requests: Buffer[] = [];
    for (;;) {
      const size = messageSize(this.#rest);
      if (size === undefined) return requests;
      requests.push(this.#rest.subarray(0, size));
      this.#rest = this.#rest.subarray(size);
    }
  }
}

/** Bytes of the HTTP message that `bytes` start with, `undefined` if it is not whole yet. */
export function messageSize(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = bytes.toString("latin1", 0, headEnd).toLowerCase();
  const start = headEnd + 4;
  const length = /\r\ncontent-length: *(\d+)/u.exec(head)?.[1];
  if (length !== undefined) {
    const end = start + Number(length);
    return bytes.length >= end ? end : undefined;
  }
  if (!/\r\ntransfer-encoding: *chunked/u.test(head)) return start;
  const end = bytes.indexOf("\r\n0\r\n\r\n", start - 2);
  return end < 0 ? undefined : end + 7;
}

/** Stands where each request has digits of its own, so that nothing on the way answers from memory. */
export const SERIAL = "SERIAL##";

/** A first number for `SERIAL`, of as many digits. */
export function randomSerial(): number {
  return Math.floor(Math.random() * 9e7);
}

/** A request with other digits in the place of `SERIAL`, if it has that. */
export function varied(request: Buffer): Buffer {
  const at = request.indexOf(SERIAL);
  if (at < 0) return request;
  const copy = Buffer.from(request);
  copy.write(String(randomSerial()).padStart(SERIAL.length, "0"), at, "latin1");
  return copy;
}

/** The bytes of a POST request with a JSON body, on a connection that is kept. */
export function postRequest(
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const bytes = Buffer.from(body);
  const fields = { host: "127.0.0.1", "content-type": "application/json", ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}content-length: ${bytes.length}\r\n\r\n`),
    bytes,
  ]);
}
