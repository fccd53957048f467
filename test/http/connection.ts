import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { listen, type Listener, type ListenOptions, type RequestHandler } from "../../src/http/index.js";

/** A listener on a free port of the loopback. */
export function listenLocally(
  handler: RequestHandler,
  options: Partial<ListenOptions> = {},
): Promise<Listener> {
  return listen(handler, { host: "127.0.0.1", port: 0, ...options });
}

/** A bare connection, and what has arrived on it. */
export interface Connection {
  readonly socket: Socket;
  /** All bytes so far, as latin1. */
  readonly text: () => string;
  /** Resolves when `text` holds `part`. */
  until(part: string): Promise<void>;
  /** Resolves with all that came, when the connection is closed, however. */
  readonly closed: Promise<string>;
}

export async function openConnection({ port }: { readonly port: number }): Promise<Connection> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  let received = "";
  const waiting = new Set<() => void>();
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
    for (const check of waiting) check();
  });
  socket.on("end", () => socket.end());
  socket.on("error", () => {});
  const closed = new Promise<string>((resolve) => socket.on("close", () => resolve(received)));
  await once(socket, "connect");
  return {
    socket,
    text: () => received,
    closed,
    until: (part) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!received.includes(part)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        socket.on("close", () => reject(new Error(`closed before ${part}: ${received}`)));
        check();
      }),
  };
}
