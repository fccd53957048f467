import { isIP } from "node:net";
import { backoffMs } from "../shared/backoff.js";
import { M2MError, type UpstreamError } from "../shared/errors.js";
import type { RedisAddress } from "./address.js";
import { isReply, reasonOf, storeUnavailable } from "./failures.js";
import type { RedisArgument, RedisClient, RedisClientConstructor } from "./package.js";

export interface LinkOptions {
  /** A command without an answer for so long has failed. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Certificates, as PEM, that servers are trusted by instead of those of Node. */
  readonly ca?: string | Uint8Array;
}

export interface SendOptions {
  /** Default: that of the link, and never more. */
  readonly timeoutMs?: number;
  /** Answers with bytes instead of texts. */
  readonly asBytes?: boolean;
}

const LOST = "the connection is lost";
const RECONNECT = { firstDelayMs: 50, maxDelayMs: 2_000 };

/**
 * Milliseconds before the next try to connect: doubled each time up to two seconds, and spread over a half of it, so that
 * processes do not come back all at once.
 * @param attempt from 1
 * @param random from 0 to 1
 */
export function reconnectDelayMs(attempt: number, random = Math.random()): number {
  return Math.round(backoffMs(attempt, RECONNECT, random));
}

/**
 * `opening` until first connected; `lost` between the loss of a connection and the end of the first try to have it again;
 * `down` from then on.
 */
type LinkState = "opening" | "up" | "lost" | "down" | "closed";

/**
 * One connection to Redis that comes back by itself. Commands are never kept for later: while it is lost they wait for the
 * next try to connect, and while it is down they fail at once.
 */
export class RedisLink {
  readonly client: RedisClient;
  readonly #address: string;
  readonly #timeoutMs: number;
  #state: LinkState = "opening";
  #reason = LOST;
  readonly #waiting = new Set<() => void>();

  private constructor(Client: RedisClientConstructor, address: RedisAddress, options: LinkOptions) {
    this.#address = address.publicForm;
    this.#timeoutMs = options.timeoutMs;
    this.client = new Client({
      host: address.host,
      port: address.port,
      db: address.database,
      username: address.username,
      password: address.password,
      ...(address.isTls ? { tls: tlsOptions(address.host, options.ca) } : {}),
      connectionName: "m2m",
      disableClientInfo: true,
      // Of version 3 nothing is used, and older servers are spared the question.
      protocol: 2,
      lazyConnect: true,
      connectTimeout: options.connectTimeoutMs,
      // A server that is stopped keeps its connections: silence is what tells.
      socketTimeout: options.timeoutMs,
      // What was sent when a connection broke may have been done: it fails, and its caller decides.
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      autoResubscribe: false,
      // Behind the name of a failed primary there may be another server by now.
      reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
      retryStrategy: (attempt: number) => this.#retryAfter(attempt),
    });
    this.client.on("error", (error) => {
      this.#reason = reasonOf(error);
    });
    this.client.on("ready", () => {
      this.#reason = LOST;
      this.#become("up");
    });
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` if the first try fails */
  static async open(
    Client: RedisClientConstructor,
    address: RedisAddress,
    options: LinkOptions,
  ): Promise<RedisLink> {
    const link = new RedisLink(Client, address, options);
    try {
      await link.#within(options.connectTimeoutMs, link.client.connect());
      link.#become("up");
      // The library overlooks that a server does not have the database, and goes on with another one.
      await link.send("SELECT", [address.database]);
      return link;
    } catch (error) {
      link.#become("closed");
      link.client.disconnect();
      if (error instanceof M2MError) throw error;
      throw storeUnavailable(link.#address, isReply(error) ? reasonOf(error) : link.#reason);
    }
  }

  get isUp(): boolean {
    return this.#state === "up";
  }

  /** Resolves as soon as commands are sent, or never will be again. */
  async whenUp(): Promise<void> {
    while (this.#state !== "up" && this.#state !== "closed") await this.#settled();
  }

  /**
   * The answer to a command. An error reply is thrown as the library has it.
   * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`
   */
  send(command: string, args: readonly RedisArgument[], options: SendOptions = {}): Promise<unknown> {
    return this.request(
      (client) => (options.asBytes ? client.callBuffer(command, args) : client.call(command, args)),
      options.timeoutMs,
    );
  }

  /** What `ask` gives, as `send`. */
  request<T>(ask: (client: RedisClient) => Promise<T>, timeoutMs: number = Infinity): Promise<T> {
    const call = { isOver: false };
    return this.#within(Math.min(timeoutMs, this.#timeoutMs), this.#ask(ask, call)).finally(() => {
      call.isOver = true;
    });
  }

  /** Lets commands that were sent finish, but no longer than their time. */
  async close(): Promise<void> {
    const wasUp = this.#state === "up";
    this.#become("closed");
    this.#reason = "the connection was closed here";
    if (wasUp) await this.#within(this.#timeoutMs, this.client.call("QUIT", [])).catch(() => undefined);
    this.client.disconnect();
  }

  /** @param call what has failed for its caller is not sent any more */
  async #ask<T>(ask: (client: RedisClient) => Promise<T>, call: { readonly isOver: boolean }): Promise<T> {
    for (;;) {
      if (this.#state === "lost") await this.#settled();
      if (this.#state !== "up" || call.isOver) throw this.#unavailable();
      try {
        return await ask(this.client);
      } catch (error) {
        // Nothing was sent: the connection has just been lost, and nobody has said so yet.
        if (!String((error as Error).message).startsWith("Stream isn't writeable")) throw error;
        await this.#settled();
      }
    }
  }

  #retryAfter(attempt: number): number | null {
    if (this.#state === "opening" || this.#state === "closed") return null;
    this.#become(attempt === 1 ? "lost" : "down");
    return reconnectDelayMs(attempt);
  }

  #become(state: LinkState): void {
    if (this.#state === "closed") return;
    this.#state = state;
    if (state === "lost") return;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #unavailable(): UpstreamError {
    return storeUnavailable(this.#address, this.#reason);
  }

  #within<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(storeUnavailable(this.#address, `it did not answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
      answer.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}

/** Names are told to the server, which may have several certificates; addresses are no names (RFC 6066, section 3). */
function tlsOptions(host: string, ca: string | Uint8Array | undefined): object {
  return { ...(isIP(host) ? {} : { servername: host }), ...(ca === undefined ? {} : { ca }) };
}
