// Sessions over QUIC on loopback, with a client on aioquic (scripts/install-peers.sh): npx tsx test/bench/quic.ts
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startQuic } from "../../src/server/quic/index.js";
import { createSessionService } from "../../src/server/sessions/index.js";
import { runPeer } from "../server/quic/aioquic-peer.js";
import { makeCertificate } from "../helpers/certificate.js";
import { memoryStores } from "../server/sessions/fixture.js";
import { describeRun, fail, formatMs, quantile, table } from "./support.js";

const ROUNDS = 8;
const PYTHON = fileURLToPath(new URL("../../.peers/bin/python", import.meta.url));
if (!existsSync(PYTHON)) fail("The client is missing: run scripts/install-peers.sh.");

const certificate = makeCertificate();
const server = await startQuic({
  host: "127.0.0.1",
  port: 0,
  tls: certificate,
  service: createSessionService(memoryStores()),
});
const run = runPeer(PYTHON, "bench", server.port, certificate.certFile, String(ROUNDS));
const times = (await run.result) as Record<string, number[]>;
await server.close(0);
certificate.remove();

console.log(`# Sessions over QUIC\n\n${describeRun()}\n`);
console.log(
  `The server of this package and a client on aioquic, which is Python, on one machine: ${ROUNDS} connections one behind the\n` +
    "other, each with a session whose DATA comes back with the same content. Times are the client's, with its own work in them.\n",
);
const rows = Object.entries(times).map(([name, values]) => [
  name,
  values.length,
  formatMs(quantile(values, 0.5)),
  formatMs(quantile(values, 0.99)),
]);
console.log(table(["there and back", "times", "p50 ms", "p99 ms"], rows));
