import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  RedisMailbox,
  RedisSessionStore,
  RedisSpendStore,
  type RedisConnection,
} from "../../src/redis/index.js";
import { eventually, useRedis } from "./fixture.js";

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

interface Worker {
  /** Has it begin. */
  begin(): void;
  /** The next result; `undefined` when it has ended. */
  next(): Promise<unknown>;
  kill(): Promise<void>;
  /** Its exit status. */
  readonly ended: Promise<number | null>;
}

/** Another process that is connected and waits to begin. */
async function startWorker(job: string, url: string, prefix: string, count: number): Promise<Worker> {
  const child = spawn(process.execPath, ["--import=tsx", WORKER, job, url, prefix, String(count)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit").then(([status]) => status as number | null);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { done, value } = await lines.next();
    return done ? undefined : JSON.parse(value);
  };
  expect(await next()).to.equal("ready");
  return {
    begin: () => void child.stdin.end(),
    next,
    ended,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** The results of two processes that do the same at the same time. */
async function race<Result>(job: string, url: string, prefix: string, count: number): Promise<Result[]> {
  const workers = await Promise.all([1, 2].map(() => startWorker(job, url, prefix, count)));
  for (const worker of workers) worker.begin();
  const results = await Promise.all(workers.map(async (worker) => (await worker.next()) as Result));
  expect(await Promise.all(workers.map(({ ended }) => ended))).to.deep.equal([0, 0]);
  return results;
}

describe("two processes over one Redis", () => {
  const redis = useRedis({ appendOnly: true });

  it("lose no update of a session", async () => {
    const store = new RedisSessionStore(await redis.connect({ prefix: "race:" }));
    await store.put({ id: "contended", revision: 0 } as never);
    await race("update", redis.server.url, "race:", 200);
    expect((await store.get("contended"))!.revision).to.equal(400);
    expect(await store.count()).to.equal(1);
  });

  it("share a rate limit exactly", async () => {
    const results = await race<{ allowed: number }>("limit", redis.server.url, "limit:", 100);
    expect(results[0].allowed + results[1].allowed).to.equal(100);
  });

  it("share a sum exactly", async () => {
    const results = await race<{ totals: number[] }>("spend", redis.server.url, "spend:", 200);
    const ledger = new RedisSpendStore(await redis.connect({ prefix: "spend:" }));
    expect(await ledger.total("key", "window")).to.equal(200 * 201);
    // Each sum was told once: two who ask for the last of a budget do not both get it.
    expect(new Set(results.flatMap(({ totals }) => totals)).size).to.equal(400);
  });

  it("lose no message that was put, when one is killed and Redis with it", async () => {
    const connection = await redis.connect({ prefix: "mail:" });
    const mailbox = new RedisMailbox(connection);
    const worker = await startWorker("put", redis.server.url, "mail:", 1_000_000);
    const waiting = mailbox.read("inbox", { waitMs: 30_000 });
    worker.begin();
    expect((await waiting)[0].message).to.equal("message 0");
    let last = -1;
    while (last < 200) last = (await worker.next()) as number;
    await Promise.all([worker.kill(), redis.server.kill()]);
    for (let said = last; said !== undefined; said = (await worker.next()) as number) last = said;
    await redis.server.restart();
    await connection.whenUp();
    const entries = await mailbox.read("inbox", { limit: 1_000_000 });
    // The last one may have been put and not been said.
    expect(entries.length).to.be.within(last + 1, last + 2);
    expect(entries.map(({ message }) => message)).to.deep.equal(entries.map((_, i) => `message ${i}`));
  });
});

describe("many who wait for messages", () => {
  const redis = useRedis({ appendOnly: true });

  /** Until so many mailboxes are waited for. */
  const waitedFor = (connection: RedisConnection, count: number): Promise<void> =>
    eventually(async () => {
      const channels = await connection.send("PUBSUB", ["CHANNELS", connection.key("mail", "*")]);
      expect(channels).to.have.length(count);
    });

  it("share two connections, and each gets his own", async () => {
    const connection = await redis.connect();
    const mailbox = new RedisMailbox(connection);
    const waiting = Array.from({ length: 300 }, (_, i) => mailbox.read(`s${i}`, { waitMs: 60_000 }));
    await waitedFor(connection, 300);
    const clients = String(await connection.send("CLIENT", ["LIST"]))
      .trim()
      .split("\n");
    expect(clients.filter((client) => client.includes("name=m2m"))).to.have.length(2);
    await Promise.all(waiting.map((_, i) => mailbox.put(`s${i}`, `for ${i}`)));
    const read = await Promise.all(waiting);
    expect(read.map(([{ message }]) => message)).to.deep.equal(read.map((_, i) => `for ${i}`));
    // Nobody waits any more, and soon nothing is left of it.
    await waitedFor(connection, 0);
  });

  it("miss nothing between one wait and the next", async () => {
    const reader = new RedisMailbox(await redis.connect({ prefix: "next:" }));
    const writer = new RedisMailbox(await redis.connect({ prefix: "next:" }));
    const read: string[] = [];
    const reading = (async () => {
      for (let after: string | undefined; read.length < 300;) {
        const entries = await reader.read("a", { after, waitMs: 30_000 });
        // Nothing came in half a minute: a message was there and nobody was woken.
        expect(entries).not.to.have.length(0);
        read.push(...entries.map(({ message }) => message));
        after = entries[entries.length - 1].id;
      }
    })();
    for (let i = 0; i < 300; i++) {
      await writer.put("a", String(i));
      // Now and then the reader has taken all and waits.
      if (i % 7 === 0) await writer.read("another", { waitMs: 1 });
    }
    await reading;
    expect(read).to.deep.equal(Array.from({ length: 300 }, (_, i) => String(i)));
  });

  it("go on when Redis was killed and is back", async () => {
    const connection = await redis.connect({ prefix: "back:" });
    const mailbox = new RedisMailbox(connection);
    const first = await mailbox.put("a", "before");
    const waiting = ["a", "b"].map((id) => mailbox.read(id, { after: first, waitMs: 60_000 }));
    await waitedFor(connection, 2);
    await redis.server.kill();
    await redis.server.restart();
    const other = new RedisMailbox(await redis.connect({ prefix: "back:" }));
    // Put while the others may not have subscribed again yet.
    await other.put("a", "behind");
    await other.put("b", "also");
    const read = await Promise.all(waiting);
    expect(read.map(([{ message }]) => message)).to.deep.equal(["behind", "also"]);
  });

  it("are told when the connection is closed", async () => {
    const connection = await redis.connect();
    const waiting = new RedisMailbox(connection)
      .read("a", { waitMs: 60_000 })
      .catch((error: unknown) => error);
    await new RedisMailbox(connection).read("another", { waitMs: 1 });
    await connection.close();
    expect(await waiting).to.include({ code: "M2M_STORE_UNAVAILABLE" });
  });
});
