import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** The response of a connection whose turn it is, until it is sent whole. */
export function currentResponse(socket: Duplex): ServerResponse | undefined {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}
