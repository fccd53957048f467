import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

const QUEUED = Symbol("responses that wait for their turn");
type QueuingSocket = Socket & { [QUEUED]?: Set<ServerResponse> };

/**
 * Ends `response` with its connection. Node tells that (`close`) to the one response whose turn it is; those that wait behind it, because
 * the client sent requests without waiting for answers, would hear of nothing, and what hangs on them would never end.
 */
export function closeWithConnection(socket: Socket, response: ServerResponse): void {
  // It has its turn at once, as those of all clients do that send one request after the other.
  if (response.socket !== null) return;
  const queued = ((socket as QueuingSocket)[QUEUED] ??= openQueue(socket));
  queued.add(response);
  // From here on Node tells it.
  response.once("socket", () => queued.delete(response));
}

/** One listener a connection, however many wait. */
function openQueue(socket: Socket): Set<ServerResponse> {
  const queued = new Set<ServerResponse>();
  socket.once("close", () => {
    for (const response of queued) close(response);
    queued.clear();
  });
  return queued;
}

/** As Node does it for the others. */
function close(response: ServerResponse): void {
  response.destroy();
  (response as { _closed?: boolean })._closed = true;
  response.emit("close");
}
