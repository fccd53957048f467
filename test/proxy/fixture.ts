import { request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { createLogger } from "../../src/http/index.js";
import { parseTarget, startProxy, type Proxy, type ProxyOptions } from "../../src/proxy/index.js";
import { ScriptedUpstream } from "../helpers/scripted-upstream.js";

/** Tests read what they expect of it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly text: string;
  readonly json: Json;
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>> | readonly string[];
  readonly body?: string | Uint8Array;
}

/** An upstream, a proxy before it, and a client with raw headers. */
export class ProxyFixture {
  readonly upstream: ScriptedUpstream;
  readonly proxy: Proxy;
  readonly log: string[];

  private constructor(upstream: ScriptedUpstream, proxy: Proxy, log: string[]) {
    this.upstream = upstream;
    this.proxy = proxy;
    this.log = log;
  }

  static async start(options: Partial<ProxyOptions> = {}): Promise<ProxyFixture> {
    const upstream = await ScriptedUpstream.start();
    const log: string[] = [];
    const proxy = await startProxy({
      host: "127.0.0.1",
      port: 0,
      upstreams: [{ name: "target", target: parseTarget(upstream.url, "--target") }],
      logger: createLogger({ level: "debug", json: true, write: (line) => log.push(line) }),
      ...options,
    });
    return new ProxyFixture(upstream, proxy, log);
  }

  async stop(): Promise<void> {
    await this.proxy.close(200);
    await this.upstream.stop();
  }

  call(call: Call): Promise<Reply> {
    return send(this.proxy.port, call);
  }

  chat(body: object = {}, headers: Record<string, string> = {}): Promise<Reply> {
    return this.call({
      method: "POST",
      path: "/v1/chat/completions",
      headers: { "content-type": "application/json", authorization: "Bearer sk-client", ...headers },
      body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hello" }], ...body }),
    });
  }

  async stats(): Promise<Json> {
    return (await this.call({ path: "/_m2m/stats" })).json;
  }
}

export function send(port: number, { method = "GET", path, headers = {}, body }: Call): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      port,
      method,
      path,
      headers: headers as Record<string, string>,
      agent: false,
    });
    outgoing.on("error", reject).on("response", (response) => {
      const chunks: Buffer[] = [];
      response
        .on("data", (chunk: Buffer) => chunks.push(chunk))
        .on("error", reject)
        .on("end", () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: bytes,
            text: bytes.toString(),
            get json() {
              return JSON.parse(bytes.toString());
            },
          });
        });
    });
    outgoing.end(body);
  });
}

/** Sends bytes as they are, and gives all that comes back until the connection ends. */
export function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => (text += chunk.toString("latin1"))).on("error", reject);
    socket.on("close", () => resolve(text));
  });
}
