import { setTimeout as delay } from "node:timers/promises";
import { connectAiTcp, type AiTcpSession } from "../../../src/transport/aitcp/api/index.js";
import type { FarEnd } from "./far-end.js";
import { clientIdentity, clientTrust } from "./identities.js";

/** After so long nothing of what was said last is under way: turns are signed after a second at most. */
const IDLE_MS = 2000;
/** What the first sessions bring with them, code above all, is no session's. */
const WARM = 1000;

export interface SessionCost {
  readonly sessions: number;
  /** Bytes that the far end uses more for each session. */
  readonly usedBytes: number;
  readonly rssBytes: number;
  /** Sessions on which a message was not answered. */
  readonly failures: number;
}

/** What idle sessions cost the far end; on all of them at once a message is answered before and after. */
export async function measureSessions(farEnd: FarEnd, count: number): Promise<SessionCost> {
  const open = (): Promise<AiTcpSession> =>
    connectAiTcp(`aitcp://127.0.0.1:${farEnd.port}`, { identity: clientIdentity, trust: clientTrust });
  const openMany = async (many: number): Promise<AiTcpSession[]> => {
    const sessions: AiTcpSession[] = [];
    while (sessions.length < many) sessions.push(...(await Promise.all(Array.from({ length: 50 }, open))));
    return sessions;
  };
  const warm = await openMany(WARM);
  await Promise.all(warm.map(ask));
  await delay(IDLE_MS);
  const before = await farEnd.usage();
  const sessions = await openMany(count);
  const asked = await Promise.allSettled(sessions.map(ask));
  await delay(IDLE_MS);
  const after = await farEnd.usage();
  const again = await Promise.allSettled(sessions.map(ask));
  for (const session of [...warm, ...sessions]) session.close();
  const failures = [...asked, ...again].filter(({ status }) => status === "rejected").length;
  return {
    sessions: sessions.length,
    usedBytes: (after.used - before.used) / sessions.length,
    rssBytes: (after.rss - before.rss) / sessions.length,
    failures,
  };
}

async function ask(session: AiTcpSession): Promise<void> {
  const stream = session.openStream();
  stream.write(Uint8Array.of(1, 2, 3));
  const answer = await stream.receive();
  if (answer?.length !== 3) throw new Error("no answer");
  stream.end();
}
