// The benchmark of AI-TCP; test/bench/aitcp.ts builds and runs it.
import { parseArgs } from "node:util";
import { makeCertificate } from "../../helpers/certificate.js";
import { overAiTcp, overTls, type BenchCarrier } from "./carriers.js";
import { FarEnd, HEAP_FLAG } from "./far-end.js";
import { aitcpHandshakes, aitcpResumptions, tlsHandshakes } from "./handshakes.js";
import { libp2pHandshakes } from "./libp2p.js";
import { measureSessions } from "./memory.js";
import { measureAnswers, measureRate } from "./messages.js";
import { describeRun, fail, formatMs, quantile, table } from "../support.js";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean" },
    rounds: { type: "string" },
    libp2p: { type: "string" },
    corpus: { type: "string" },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
if (!Number.isInteger(rounds) || rounds < 1) fail("--rounds takes a whole number from 1.");
const scale = values.quick ? 0.2 : 1;
const SIZES = [
  { size: 300, name: "300 B", count: 200_000 },
  { size: 4096, name: "4 KiB", count: 60_000 },
  { size: 16_384, name: "16 KiB", count: 20_000 },
];
const CHACHA = "TLS_CHACHA20_POLY1305_SHA256";
const certificate = makeCertificate();
const { libp2p } = values;

/** The median over rounds of figures that are taken in turns. */
async function inTurns(tries: Record<string, () => Promise<number>>): Promise<Record<string, number>> {
  const taken: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(tries)) (taken[name] ??= []).push(await run());
  }
  return Object.fromEntries(Object.entries(taken).map(([name, list]) => [name, quantile(list, 0.5)]));
}

console.log(`# AI-TCP\n\n${describeRun()}\n`);
console.log(
  `Beside TLS 1.3 of Node on loopback. Figures are medians of ${rounds} rounds in which all take turns. TLS has P-256 certificates on\n` +
    "both sides; its messages have their length before them and are written one by one, as those of AI-TCP are. All processes begin with an\n" +
    `old heap of 64 MiB (\`${HEAP_FLAG}\`), as an application soon has: in one that holds almost nothing, buffers outside of V8's heap make it\n` +
    "collect all the time, which costs AI-TCP up to a third of its long messages.\n",
);

const ms = 3000 * scale;
const shakes = await inTurns({
  "TLS 1.3, certificates of both": () => tlsHandshakes(certificate, false, ms),
  "TLS 1.3, resumed": () => tlsHandshakes(certificate, true, ms),
  "TLS 1.3, certificates of both, one context of the client": () =>
    tlsHandshakes(certificate, false, ms, true),
  "TLS 1.3, resumed, one context of the client": () => tlsHandshakes(certificate, true, ms, true),
  "AI-TCP, XX": () => aitcpHandshakes(false, ms),
  "AI-TCP, IK": () => aitcpHandshakes(true, ms),
  "AI-TCP, resumed (IKpsk2)": () => aitcpResumptions(ms),
  "AI-TCP, resumed, the message early": () => aitcpResumptions(ms, true),
  ...(libp2p !== undefined && {
    "Noise XX of js-libp2p, in memory, one at a time": async () => libp2pHandshakes(libp2p, ms),
  }),
});
console.log(
  "## Handshakes\n\nBoth ends in one process, eight at a time, each with a TCP connection of its own and up to the first byte or message that comes back.\n",
);
const fullTls = shakes["TLS 1.3, certificates of both"];
const resumedTls = shakes["TLS 1.3, resumed"];
const shakeRows = Object.entries(shakes).map(([name, rate]) => [
  name,
  rate.toFixed(0),
  (rate / fullTls).toFixed(2),
  (rate / resumedTls).toFixed(2),
]);
console.log(`${table(["handshake", "a second", "to TLS", "to TLS resumed"], shakeRows)}\n`);

interface Contender {
  readonly name: string;
  readonly farEnd: FarEnd;
  readonly carrier: BenchCarrier;
}
const contenders: Contender[] = [];
const contend = async (name: string, farEnd: FarEnd, carrier: Promise<BenchCarrier>): Promise<void> => {
  contenders.push({ name, farEnd, carrier: await carrier });
};
const tls = [certificate.certFile, certificate.keyFile];
const tlsDefault = await FarEnd.start("tls", ...tls, "TLS_AES_256_GCM_SHA384");
await contend(
  "TLS 1.3, AES-256-GCM",
  tlsDefault,
  overTls(tlsDefault.port, certificate, "TLS_AES_256_GCM_SHA384"),
);
const tlsChaCha = await FarEnd.start("tls", ...tls, CHACHA);
await contend("TLS 1.3, ChaCha20-Poly1305", tlsChaCha, overTls(tlsChaCha.port, certificate, CHACHA));
for (const mode of ["none", "turn", "packet"] as const) {
  const farEnd = await FarEnd.start("aitcp", mode);
  await contend(`AI-TCP, signatures: ${mode}`, farEnd, overAiTcp(farEnd.port, mode));
}

console.log(
  "## Messages\n\nOne connection between two processes: one way, as fast as there is room, up to the answer to the last; and there and back, one after the other.\n",
);
for (const { size, name, count } of SIZES) {
  const messages = Math.round(count * scale);
  const oneWay = (carrier: BenchCarrier) => () => measureRate(carrier, size, messages);
  for (const { carrier } of contenders) await measureRate(carrier, size, Math.round(messages / 10));
  const rates = await inTurns(
    Object.fromEntries(contenders.map((entry) => [entry.name, oneWay(entry.carrier)])),
  );
  const answers: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const entry of contenders) {
      (answers[entry.name] ??= []).push(
        ...(await measureAnswers(entry.carrier, size, Math.round(2000 * scale))),
      );
    }
  }
  const rows = contenders.map((entry) => [
    entry.name,
    rates[entry.name].toFixed(0),
    (rates[entry.name] / rates[contenders[0].name]).toFixed(2),
    (rates[entry.name] / rates[contenders[1].name]).toFixed(2),
    formatMs(quantile(answers[entry.name], 0.5)),
    formatMs(quantile(answers[entry.name], 0.99)),
  ]);
  const head = [
    "carrier",
    "messages a second",
    "to TLS, AES",
    "to TLS, ChaCha20",
    "there and back p50 ms",
    "p99 ms",
  ];
  console.log(`### ${name}\n\n${table(head, rows)}\n`);
}
for (const { carrier, farEnd } of contenders) {
  carrier.close();
  farEnd.stop();
}

const host = await FarEnd.start("aitcp", "turn");
const cost = await measureSessions(host, values.quick ? 200 : 1000);
host.stop();
console.log(
  `## Sessions\n\n${cost.sessions} at once to one process, each asked before and after: ${cost.failures} without an answer. For each that is idle the process uses ` +
    `${(cost.usedBytes / 1024).toFixed(1)} KiB of the heap and outside of it after a collection, and ${(cost.rssBytes / 1024).toFixed(1)} KiB of resident memory, its socket among them.\n`,
);
certificate.remove();
process.exit();
