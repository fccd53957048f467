import { packageMissing } from "../shared/optional-package.js";

/** What is used of a client of `ioredis`. The package is optional, so its own types are not imported. */
export interface RedisClient {
  connect(): Promise<void>;
  disconnect(): void;
  call(command: string, args: readonly RedisArgument[]): Promise<unknown>;
  callBuffer(command: string, args: readonly RedisArgument[]): Promise<unknown>;
  on(event: "ready" | "close" | "end", listener: () => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "message", listener: (channel: string, message: string) => void): unknown;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
}

export type RedisArgument = string | number | Buffer;
export type RedisClientConstructor = new (options: Readonly<Record<string, unknown>>) => RedisClient;

/** Imports the package; another one than the default is for tests. */
export type RedisPackageLoader = () => Promise<unknown>;

const PACKAGE = "ioredis";

/** A name in a variable is left alone by bundlers. */
const importPackage: RedisPackageLoader = () => import(PACKAGE) as Promise<unknown>;

/**
 * The class of Redis clients.
 * @throws {UnsupportedError} `M2M_PACKAGE_MISSING` if the package is not there or does not load
 */
export async function loadRedisClient(
  load: RedisPackageLoader = importPackage,
): Promise<RedisClientConstructor> {
  try {
    const module = (await load()) as { default?: { Redis?: unknown }; Redis?: unknown };
    const client = module.Redis ?? module.default?.Redis;
    if (typeof client !== "function") throw new Error("it has no class Redis");
    return client as RedisClientConstructor;
  } catch (cause) {
    throw packageMissing(PACKAGE, cause);
  }
}
