/**
 * A server of its own: `server-process.ts REDIS_URL LOG PREFIX`. It prints its port, writes each message that its application is given to
 * LOG, at once, and acknowledges it then.
 */
import { appendFileSync } from "node:fs";
import { LimitError } from "../../../../src/shared/errors.js";
import { connectRedis, RedisRecordStore } from "../../../../src/redis/index.js";
import {
  createAiTcpServer,
  type AiTcpSession,
  type AiTcpStream,
} from "../../../../src/transport/aitcp/index.js";
import { alice, bob, trusts } from "../agents.js";
import { labelOf } from "./transfer.js";

const [, , url = "", log = "", prefix = "t:"] = process.argv;

const redis = await connectRedis(url, { prefix });
const server = await createAiTcpServer({
  identity: bob,
  trust: trusts(alice),
  // What is claimed and not yet given when a process fails stays unknown: it is no more than the windows hold.
  settings: { streamWindowBytes: 16 * 1024 },
  store: new RedisRecordStore(redis, {
    kind: "aitcp",
    maxRecords: 10_000,
    fullError: () => new LimitError("M2M_SESSIONS_FULL", "full"),
  }),
  onSession: (session) => void serve(session).catch(() => {}),
});
process.stdout.write(`${server.port}\n`);

async function serve(session: AiTcpSession): Promise<void> {
  for await (const stream of session) void take(stream).catch(() => {});
}

async function take(stream: AiTcpStream): Promise<void> {
  for (let message = await stream.take(); message; message = await stream.take()) {
    appendFileSync(log, `${labelOf(Buffer.from(message).toString())}\n`);
    stream.acknowledge();
  }
  stream.end();
}
