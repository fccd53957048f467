import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";

export interface RawAnswer {
  readonly status: number;
  /** Names and values in turn, as they were spelt. */
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Opens a request with headers as they stand, on a connection of its own; resolves at the answer's headers. */
export async function openRequest(url: string, asked: RawRequest): Promise<IncomingMessage> {
  const { hostname, port } = new URL(url);
  const { method = "POST", path, headers = {}, body = "" } = asked;
  // A path is sent as it stands: `URL` would tidy it up.
  const outgoing = request({ hostname, port, method, path, agent: false, headers });
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return answer;
}

export async function sendRequest(url: string, asked: RawRequest): Promise<RawAnswer> {
  const answer = await openRequest(url, asked);
  const { statusCode = 0, rawHeaders, headers } = answer;
  return { status: statusCode, rawHeaders, headers, body: await buffer(answer) };
}

export function chatRequest(fields: object = {}, headers: Readonly<Record<string, string>> = {}): RawRequest {
  return {
    path: "/v1/chat/completions",
    headers: { "content-type": "application/json", authorization: "Bearer sk-raw", ...headers },
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Say hello." }], ...fields }),
  };
}
