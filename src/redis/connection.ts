import { createHash } from "node:crypto";
import { M2MError } from "../shared/errors.js";
import { parseRedisAddress, type RedisAddress } from "./address.js";
import { positiveInteger } from "../shared/bounds.js";
import { reasonOf, storeUnavailable } from "./failures.js";
import { RedisLink, type LinkOptions, type SendOptions } from "./link.js";
import {
  loadRedisClient,
  type RedisArgument,
  type RedisClientConstructor,
  type RedisPackageLoader,
} from "./package.js";

export interface RedisOptions {
  /** What all keys begin with. Default `m2m:`. */
  readonly prefix?: string;
  /** Milliseconds without an answer after which a command has failed. Default 2,000. */
  readonly timeoutMs?: number;
  /** Milliseconds in which the first connection must be there. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Certificates, as PEM, that a `rediss:` server is trusted by instead of those that Node knows. */
  readonly ca?: string | Uint8Array;
  /** Imports `ioredis`; for tests. */
  readonly load?: RedisPackageLoader;
}

/** A connection to one Redis server, shared by all stores of a process. */
export class RedisConnection {
  /** The server's address, without name and password. */
  readonly address: string;
  readonly #link: RedisLink;
  readonly #prefix: string;
  readonly #openLink: () => Promise<RedisLink>;
  readonly #others = new Set<Promise<RedisLink>>();
  readonly #digests = new Map<string, string>();

  /** @param openLink opens one more connection to the same server */
  constructor(address: string, prefix: string, link: RedisLink, openLink: () => Promise<RedisLink>) {
    this.address = address;
    this.#prefix = prefix;
    this.#link = link;
    this.#openLink = openLink;
  }

  /** Whether commands are sent: false from the loss of the connection until it is back. */
  get isUp(): boolean {
    return this.#link.isUp;
  }

  /** Resolves as soon as commands are sent, or never will be again. */
  whenUp(): Promise<void> {
    return this.#link.whenUp();
  }

  /** The key of something. Parts cannot run into one another, whatever is in them. */
  key(...parts: readonly string[]): string {
    return this.#prefix + parts.map((part) => part.replace(/[%:]/g, encodeURIComponent)).join(":");
  }

  /**
   * The answer to a command.
   * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`, in no more than the time of a command
   */
  async send(command: string, args: readonly RedisArgument[], options?: SendOptions): Promise<unknown> {
    try {
      return await this.#link.send(command, args, options);
    } catch (error) {
      throw this.asStoreError(error);
    }
  }

  /**
   * Runs a Lua script, by its digest if the server has it.
   * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`, in no more than twice the time of a command
   */
  async run(
    script: string,
    keys: readonly string[],
    args: readonly RedisArgument[],
    options?: SendOptions,
  ): Promise<unknown> {
    const rest = [keys.length, ...keys, ...args];
    try {
      return await this.#link.send("EVALSHA", [this.#digestOf(script), ...rest], options);
    } catch (error) {
      // Nothing has been done: the server was started anew, or asked to forget its scripts.
      if (String((error as Error).message).startsWith("NOSCRIPT")) {
        return this.send("EVAL", [script, ...rest], options);
      }
      throw this.asStoreError(error);
    }
  }

  /** What to throw for what a link has thrown. */
  asStoreError(error: unknown): M2MError {
    return error instanceof M2MError ? error : storeUnavailable(this.address, reasonOf(error));
  }

  /** One more connection, which ends with this one. @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` */
  async openLink(): Promise<RedisLink> {
    const opening = this.#openLink();
    this.#others.add(opening);
    try {
      return await opening;
    } catch (error) {
      this.#others.delete(opening);
      throw error;
    }
  }

  /** Lets what was sent finish, then ends all connections. */
  async close(): Promise<void> {
    const others = [...this.#others].map(async (opening) => (await opening).close());
    await Promise.allSettled([this.#link.close(), ...others]);
  }

  #digestOf(script: string): string {
    let digest = this.#digests.get(script);
    if (digest === undefined) {
      digest = createHash("sha1").update(script).digest("hex");
      this.#digests.set(script, digest);
    }
    return digest;
  }
}

const DEFAULT_PREFIX = "m2m:";
const DEFAULT_TIMEOUT_MS = 2_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;

/**
 * Connects to Redis, or a server that speaks its protocol and has Lua and streams.
 * @param url `redis://` or, with TLS, `rediss://`, with password and database as the scheme has them
 * @throws {InputError} `M2M_USAGE` if the address or an option is wrong
 * @throws {UnsupportedError} `M2M_PACKAGE_MISSING` without `ioredis`
 * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` if it cannot be reached
 */
export async function connectRedis(url: string, options: RedisOptions = {}): Promise<RedisConnection> {
  const {
    prefix = DEFAULT_PREFIX,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS,
    ca,
  } = options;
  positiveInteger("timeoutMs", timeoutMs);
  positiveInteger("connectTimeoutMs", connectTimeoutMs);
  const address = parseRedisAddress(url);
  const Client = await loadRedisClient(options.load);
  const open = opener(Client, address, { timeoutMs, connectTimeoutMs, ca });
  return new RedisConnection(address.publicForm, prefix, await open(), open);
}

function opener(Client: RedisClientConstructor, address: RedisAddress, options: LinkOptions) {
  return () => RedisLink.open(Client, address, options);
}
