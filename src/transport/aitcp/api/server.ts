import { createServer, type Socket } from "node:net";
import { InputError, type ErrorDetails } from "../../../shared/errors.js";
import type { ByteStream } from "../connection/index.js";
import { assertEndOptions, assertFunction, assertPlace } from "./arguments.js";
import { Endpoint } from "./endpoint.js";
import type { AiTcpServerOptions } from "./server-options.js";

/** A server that takes sessions. */
export interface AiTcpServer {
  readonly host: string;
  readonly port: number;
  /** Sessions that are not over, those without a connection among them. */
  readonly sessionCount: number;
  /** Connections, those without a finished handshake among them. */
  readonly connectionCount: number;
  /** Serves a stream of bytes that comes from elsewhere than TCP. */
  serve(stream: ByteStream, address: string): void;
  /** Takes no more connections, and ends those that there are. Sessions are over, unless other processes share their store. */
  close(): Promise<void>;
}

/**
 * Serves AI-TCP (docs/spec/aitcp.md).
 * @throws {InputError} `M2M_USAGE` if a setting or a limit is none; `M2M_LISTEN_FAILED`
 */
export async function createAiTcpServer(options: AiTcpServerOptions): Promise<AiTcpServer> {
  assertEndOptions(options);
  const { host = "127.0.0.1", port = 0 } = options;
  assertPlace(host, port);
  assertFunction("onSession", options.onSession);
  const endpoint = new Endpoint(options);
  const server = createServer({ noDelay: true }, (socket: Socket) =>
    endpoint.serve(socket, socket.remoteAddress),
  );
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause: NodeJS.ErrnoException) => reject(listenFailed(host, port, { cause })));
      server.listen(port, host, resolve);
    });
  } catch (error) {
    endpoint.close();
    throw error;
  }
  server.on("error", (error) => options.onError?.(error, undefined));
  const address = server.address();
  let closed: Promise<void> | undefined;
  return {
    host,
    port: typeof address === "object" && address ? address.port : port,
    get sessionCount() {
      return endpoint.sessionCount;
    },
    get connectionCount() {
      return endpoint.connectionCount;
    },
    serve: (stream, from) => endpoint.serve(stream, from),
    close: () =>
      (closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        endpoint.close();
      })),
  };
}

function listenFailed(host: string, port: number, details: ErrorDetails): InputError {
  const reason = (details.cause as NodeJS.ErrnoException).code ?? "unknown";
  return new InputError(
    "M2M_LISTEN_FAILED",
    `The server cannot listen on ${host}, port ${port}: ${reason}.`,
    {
      hint: "Take another port, or 0 for a free one.",
      ...details,
    },
  );
}
