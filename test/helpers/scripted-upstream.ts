import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { jsonAnswer, type Answer, type AnswerContext } from "./upstream/answer.js";
import {
  anthropicError,
  anthropicHeaders,
  anthropicModels,
  anthropicStreamError,
  countTokens,
  messages,
} from "./upstream/anthropic.js";
import { DELIVERIES, isDeliveryName, send, type DeliveryName } from "./upstream/faults.js";
import {
  chatCompletion,
  completion,
  embeddings,
  OPENAI_STREAM_ERROR,
  openAiError,
  openAiHeaders,
  openAiModels,
  responses,
} from "./upstream/openai.js";
import { SeenRequest } from "./upstream/seen-request.js";

export { SeenRequest } from "./upstream/seen-request.js";

/**
 * What happens to one request: a way to deliver the answer, an error in the provider's shape, an error in mid-stream, or
 * whatever a function does with the response. A request names it in the header `x-script`, or a test queues it.
 */
export type Script =
  | DeliveryName
  | `status-${number}`
  | "error-mid-stream"
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | ((seen: SeenRequest, response: ServerResponse) => void);

/** A stand-in for OpenAI and Anthropic on this machine that does as it is told and remembers what it was asked. */
export class ScriptedUpstream {
  readonly requests: SeenRequest[] = [];
  readonly #queue: Script[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  #server: Server;
  #port = 0;
  #serial = 0;

  private constructor() {
    this.#server = this.#createServer();
  }

  /** @param port 0 for any free one */
  static async start(port = 0): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream();
    await upstream.#listen(port);
    return upstream;
  }

  get port(): number {
    return this.#port;
  }

  /** Address without a path, for `--target`. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Connections that are open now. */
  get connectionCount(): number {
    return this.#sockets.size;
  }

  /** Queues what happens to the next requests, one each; a request with `x-script` takes none of them. */
  script(...scripts: readonly Script[]): void {
    this.#queue.push(...scripts);
  }

  /** Forgets requests and queued scripts. */
  reset(): void {
    this.requests.length = 0;
    this.#queue.length = 0;
  }

  get last(): SeenRequest {
    const seen = this.requests.at(-1);
    if (!seen) throw new Error("The upstream has seen no request.");
    return seen;
  }

  /** Resolves with the requests once there are `count` of them since the last `reset`, bodies read. */
  async waitForRequests(count: number): Promise<readonly SeenRequest[]> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    return this.requests;
  }

  /** Ends all connections at once and listens no more, as a process that is killed. */
  async kill(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  /** Listens again, on the port that it had. */
  async restart(): Promise<void> {
    this.#server = this.#createServer();
    await this.#listen(this.#port);
  }

  async stop(): Promise<void> {
    if (this.#server.listening) await this.kill();
  }

  #createServer(): Server {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      void this.#handle(request, response);
    });
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => {});
    });
    return server;
  }

  async #listen(port: number): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = new SeenRequest(++this.#serial, request, response);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // The client left while it sent: it is a request that was seen, and aborted.
    }
    seen.body = Buffer.concat(chunks);
    this.requests.push(seen);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    const script = (seen.header("x-script") as Script | undefined) ?? this.#queue.shift() ?? "ok";
    await this.play(script, seen, response);
  }

  /** Answers as `script` says; a function given as a script may call it. */
  async play(script: Script, seen: SeenRequest, response: ServerResponse): Promise<void> {
    const { serial, isAnthropic } = seen;
    const headers = isAnthropic ? anthropicHeaders(serial) : openAiHeaders(serial);
    if (typeof script === "function") return script(seen, response);
    if (typeof script === "object") {
      const body = script.body ?? JSON.stringify(errorOf(seen, script.status));
      response.writeHead(script.status, {
        "content-type": "application/json",
        ...headers,
        ...script.headers,
      });
      response.end(body);
      return;
    }
    const status = /^status-(\d{3})$/u.exec(script)?.[1];
    if (status !== undefined) {
      const wait: Record<string, string> =
        Number(status) === 429 ? { "retry-after": "1", "retry-after-ms": "20" } : {};
      return send(
        jsonAnswer(Number(status), errorOf(seen, Number(status)), { ...headers, ...wait }),
        response,
        seen,
      );
    }
    const answer = answerTo(seen, script === "no-usage");
    const whole = { ...answer, headers: { ...headers, ...answer.headers } };
    if (script === "error-mid-stream") {
      if (!whole.events) return this.play("status-500", seen, response);
      const { events } = whole;
      const failure = isAnthropic ? anthropicStreamError(serial) : OPENAI_STREAM_ERROR;
      return send(
        { ...whole, events: [...events.slice(0, Math.ceil(events.length / 2)), failure] },
        response,
        seen,
      );
    }
    if (!isDeliveryName(script)) {
      response.writeHead(500).end(`There is no script ${script}.`);
      return;
    }
    await DELIVERIES[script](whole, response, seen);
  }
}

function errorOf({ isAnthropic, serial }: SeenRequest, status: number): object {
  return isAnthropic ? anthropicError(status, serial) : openAiError(status);
}

const POSTED: Readonly<Record<string, (context: AnswerContext) => Answer>> = {
  "/v1/chat/completions": chatCompletion,
  "/v1/completions": completion,
  "/v1/embeddings": embeddings,
  "/v1/responses": responses,
  "/v1/messages": messages,
  "/v1/messages/count_tokens": countTokens,
};

function answerTo(seen: SeenRequest, noUsage: boolean): Answer {
  const { method, pathname, serial, asked } = seen;
  const answer = method === "POST" && Object.hasOwn(POSTED, pathname) ? POSTED[pathname] : undefined;
  if (answer) return answer({ serial, asked, noUsage });
  if (method === "GET" && pathname === "/v1/models")
    return seen.isAnthropic ? anthropicModels() : openAiModels();
  if (pathname === "/v1/audio/speech" || pathname.endsWith("/content"))
    return { status: 200, headers: { "content-type": "application/octet-stream" }, body: BINARY };
  if (pathname === "/v1/audio/transcriptions")
    return jsonAnswer(200, { text: `sha256 ${createHash("sha256").update(seen.body).digest("hex")}` });
  return echo(seen);
}

/** Every byte there is, many times over. */
export const BINARY = Buffer.from(
  Uint8Array.from({ length: 65_536 }, (_, index) => (index * 7 + (index >> 8)) & 255),
);

/** Any other path says what it saw. */
function echo({ method, path, rawHeaders, body }: SeenRequest): Answer {
  return jsonAnswer(200, {
    method,
    path,
    rawHeaders,
    bodyBytes: body.length,
    bodySha256: createHash("sha256").update(body).digest("hex"),
  });
}
