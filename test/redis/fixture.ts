import { setTimeout as sleep } from "node:timers/promises";
import { connectRedis, type RedisConnection, type RedisOptions } from "../../src/redis/index.js";
import { requirePeer } from "../helpers/peers.js";
import { RedisServer, type RedisServerOptions } from "../helpers/redis-server.js";

/** A Redis server for the tests of a suite, and connections that end with each test. */
export interface RedisFixture {
  readonly server: RedisServer;
  connect(options?: RedisOptions): Promise<RedisConnection>;
}

/** Registers the hooks of a suite. */
export function useRedis(options: RedisServerOptions = {}): RedisFixture {
  let server: RedisServer | undefined;
  const connections: RedisConnection[] = [];
  before(async function () {
    server = await RedisServer.start(requirePeer(this, "redis"), options);
  });
  after(() => server?.stop());
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
  });
  return {
    get server() {
      return server!;
    },
    async connect(connectOptions) {
      const connection = await connectRedis(server!.url, { prefix: freshPrefix(), ...connectOptions });
      connections.push(connection);
      return connection;
    },
  };
}

let prefixes = 0;

/** Keys of a test apart from those of all others on the same server. */
function freshPrefix(): string {
  return `test${prefixes++}:`;
}

/** What `attempt` gives as soon as it does not throw. */
export async function eventually<T>(attempt: () => Promise<T>, timeoutMs = 20_000): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await sleep(20);
    }
  }
}

/** Real time, as Redis has no other. */
export const REAL_TIME = {
  nowMs: Date.now,
  passTime: (ms: number): Promise<void> => sleep(ms),
};
