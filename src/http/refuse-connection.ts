import { STATUS_CODES, type OutgoingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { PROBLEM_TYPE, type Problem } from "./problem.js";

/** Answers with `problem` on a connection that has no response object, nor answers under way, and ends it. */
export function refuseConnection(socket: Duplex, problem: Problem, headers: OutgoingHttpHeaders = {}): void {
  const body = JSON.stringify(problem);
  const fields = Object.entries({
    "content-length": Buffer.byteLength(body),
    connection: "close",
    "content-type": PROBLEM_TYPE,
    ...headers,
  }).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  socket.on("error", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${fields.join("")}\r\n${body}`,
    // The peer may never read it.
    () => socket.destroy(),
  );
}
