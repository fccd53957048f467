import { STATUS_CODES, type OutgoingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { PROBLEM_TYPE, type Problem } from "./problem.js";

/** Answers with `problem` on a connection that has no response object, and ends it. */
export function refuseConnection(socket: Duplex, problem: Problem, headers: OutgoingHttpHeaders = {}): void {
  endConnection(
    socket,
    problem.status,
    { "content-type": PROBLEM_TYPE, ...headers },
    JSON.stringify(problem),
  );
}

/** Answers on a connection that has no response object, and ends it. */
export function endConnection(
  socket: Duplex,
  status: number,
  headers: OutgoingHttpHeaders,
  body: string,
): void {
  const fields = Object.entries({
    "content-length": Buffer.byteLength(body),
    connection: "close",
    ...headers,
  }).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  socket.on("error", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields.join("")}\r\n${body}`,
    // The peer may never read it.
    () => socket.destroy(),
  );
}
