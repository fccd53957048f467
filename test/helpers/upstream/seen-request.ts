import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AskedFor } from "./answer.js";

/** How a request ended for the upstream. `aborted`: the client went away before it had the whole answer. */
export type Ending = "answered" | "aborted" | "broken";

/** A request as it reached the upstream. */
export class SeenRequest {
  /** Number of the request, from 1. */
  readonly serial: number;
  readonly method: string;
  /** Path with query, as it stood in the request line. */
  readonly path: string;
  /** Names and values in turn, as they were spelt. */
  readonly rawHeaders: readonly string[];
  body = Buffer.alloc(0);
  /** Bytes of the answer's body that were handed to the connection. */
  sentBytes = 0;
  ending: Ending | undefined;
  /** Resolves when the exchange is over, whoever ended it. */
  readonly ended: Promise<Ending>;
  /** The upstream ends the connection itself, so its end is not the client's. */
  breaks = false;

  constructor(serial: number, request: IncomingMessage, response: ServerResponse) {
    this.serial = serial;
    this.method = request.method ?? "";
    this.path = request.url ?? "";
    this.rawHeaders = request.rawHeaders;
    this.ended = once(response, "close").then(() => {
      this.ending = this.breaks ? "broken" : response.writableFinished ? "answered" : "aborted";
      return this.ending;
    });
  }

  /** Values of a header, in order. */
  values(name: string): string[] {
    const lower = name.toLowerCase();
    return this.rawHeaders.filter((_, i) => i % 2 === 1 && this.rawHeaders[i - 1].toLowerCase() === lower);
  }

  header(name: string): string | undefined {
    return this.values(name)[0];
  }

  get pathname(): string {
    return this.path.split("?")[0];
  }

  get json(): AskedFor & Record<string, unknown> {
    return JSON.parse(this.body.toString("utf8"));
  }

  /** The body as far as it is a JSON object. */
  get asked(): AskedFor {
    try {
      const value: unknown = JSON.parse(this.body.toString("utf8"));
      return typeof value === "object" && value !== null ? value : {};
    } catch {
      return {};
    }
  }

  /** Whether the request speaks Anthropic's API. */
  get isAnthropic(): boolean {
    return this.pathname.startsWith("/v1/messages") || this.header("anthropic-version") !== undefined;
  }
}
