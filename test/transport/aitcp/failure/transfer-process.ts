/** Two agents in one process over the loopback of its network namespace: a transfer both ways. Prints what came, as JSON. */
import { Agents } from "../agents.js";
import { sendAll, takeAll } from "./transfer.js";

const STREAMS = 3;
const COUNT = 40;

const agents = new Agents();
const bob = await agents.bob();
const session = await agents.alice(bob.url);
const other = await bob.nextSession();
const came: Record<"alice" | "bob", string[]> = { alice: [], bob: [] };
const labels = Array.from({ length: STREAMS }, (_, label) => label);
const [, , ...sent] = await Promise.all([
  takeAll(other, STREAMS, (label) => came.alice.push(label)),
  takeAll(session, STREAMS, (label) => came.bob.push(label)),
  ...labels.map((label) => sendAll(session, "alice", label, COUNT)),
  ...labels.map((label) => sendAll(other, "bob", label, COUNT)),
]);
const unknown = sent.flatMap((one) => one.unknown);
process.stdout.write(`${JSON.stringify({ came, unknown, streams: STREAMS, count: COUNT })}\n`);
await agents.end();
