import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A web server on this machine that does what a test tells it, and remembers what it was asked. */
export class FakeServer {
  readonly requests: { method: string; url: string; headers: IncomingMessage["headers"] }[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #handlers = new Map<string, Handler[]>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.on("request", (request, response) => {
      const { method = "", url = "", headers } = request;
      this.requests.push({ method, url, headers });
      const queue = this.#handlers.get(url);
      const handler = queue && (queue.length > 1 ? queue.shift() : queue[0]);
      if (handler) handler(request, response);
      else response.writeHead(404).end("no such file");
    });
  }

  static async start(): Promise<FakeServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FakeServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Answers `path` by the handlers, one a request; the last answers all further ones. */
  on(path: string, ...handlers: Handler[]): void {
    this.#handlers.set(path, handlers);
  }

  requestsOf(path: string): FakeServer["requests"] {
    return this.requests.filter(({ url }) => url === path);
  }

  reset(): void {
    this.requests.length = 0;
    this.#handlers = new Map();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Sends `bytes` as a good file server does: with ranges, `If-Range`, 416. */
export function file(bytes: Uint8Array, headers: Record<string, string> = {}): Handler {
  const etag = headers.etag ?? `"${sha256(bytes).slice(0, 16)}"`;
  return (request, response) => {
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
    const condition = request.headers["if-range"];
    const from =
      range === undefined || (condition !== undefined && condition !== etag) ? undefined : Number(range);
    if (from === undefined)
      response.writeHead(200, { ...headers, etag, "content-length": bytes.length }).end(bytes);
    else if (from >= bytes.length)
      response.writeHead(416, { ...headers, etag, "content-range": `bytes */${bytes.length}` }).end();
    else
      response
        .writeHead(206, {
          ...headers,
          etag,
          "content-length": bytes.length - from,
          "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
        })
        .end(bytes.subarray(from));
  };
}

/** Announces all of `bytes`, sends the first `count` and breaks the connection. */
export function cutAfter(bytes: Uint8Array, count: number, headers: Record<string, string> = {}): Handler {
  const etag = headers.etag ?? `"${sha256(bytes).slice(0, 16)}"`;
  return (request, response) => {
    response.writeHead(200, { ...headers, etag, "content-length": bytes.length });
    response.write(bytes.subarray(0, count), () => setImmediate(() => request.socket.destroy()));
  };
}

/** Sends the first `count` bytes and then nothing, for ever. */
export function stallAfter(bytes: Uint8Array, count: number): Handler {
  const etag = `"${sha256(bytes).slice(0, 16)}"`;
  return (_, response) => {
    response.writeHead(200, { etag, "content-length": bytes.length });
    response.write(bytes.subarray(0, count));
  };
}

export function status(code: number, headers: Record<string, string> = {}): Handler {
  return (_, response) => void response.writeHead(code, headers).end("<html>not the file</html>");
}

export function redirect(location: string, headers: Record<string, string> = {}, code = 302): Handler {
  return (_, response) => void response.writeHead(code, { ...headers, location }).end();
}

/** Chunks, without a word about the size. */
export function chunked(bytes: Uint8Array, headers: Record<string, string> = {}): Handler {
  return (_, response) => void response.writeHead(200, headers).end(bytes.subarray(0));
}
