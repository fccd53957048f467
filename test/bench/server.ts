// Requests a second of m2m server beside a bare JSON echo: npx tsx test/bench/server.ts [--quick] [--rounds N]
import { parseArgs } from "node:util";
import { RedisServer } from "../helpers/redis-server.js";
import { postRequest, SERIAL } from "./http/message.js";
import { Service } from "./http/processes.js";
import { PUBLISHED_SERVER, type PublishedFigure } from "./http/published-server.js";
import { hasWrk, measureThroughput, type Throughput } from "./http/wrk.js";
import { describeRun, fail, quantile, table } from "./support.js";

const CLIENTS = 16;
const { values } = parseArgs({
  options: { quick: { type: "boolean" }, rounds: { type: "string" }, corpus: { type: "string" } },
});
const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
if (!Number.isInteger(rounds) || rounds < 1) fail("--rounds takes a whole number from 1.");

interface Case {
  readonly name: string;
  readonly service: Service;
  readonly path: string;
  readonly body?: string;
  /** The row that its ratio is taken to. */
  readonly echo: number;
  readonly published?: PublishedFigure;
}

/** A chat request of about `bytes` bytes. */
function chatOf(bytes: number): string {
  const sentence =
    "The node had 8 GiB of memory and the query joined orders, customers and 90 days of line items. ";
  const request = (content: string): string =>
    JSON.stringify({
      model: "gpt-4o",
      messages: [
        { role: "system", content: "You are a careful assistant. Answer in short sentences." },
        { role: "user", content: `${SERIAL} ${content}` },
      ],
      temperature: 0.2,
    });
  const room = bytes - request("").length;
  return request(sentence.repeat(Math.ceil(room / sentence.length)).slice(0, room));
}

const contents = { "294 B": chatOf(294), "18.7 KB": chatOf(18_700) } as const;
const sizes = ["294 B", "18.7 KB"] as const;
const algorithms = ["token-native", "m2m", "brotli"] as const;

const probe = postRequest("/tokens", JSON.stringify({ content: "Hello" }));
const server = await Service.m2m(probe, "server", "--log-level", "error");
const unguarded = await Service.m2m(probe, "server", "--log-level", "error", "--no-security");
const rulesOnly = await Service.m2m(probe, "server", "--log-level", "error", "--engine", "rules");
// Workers share their sessions in Redis; without one their row is left out.
const redis = await RedisServer.start("redis-server").catch(() => undefined);
const pair =
  redis &&
  (await Service.m2m(probe, "server", "--log-level", "error", "--workers", "2", "--store", redis.url));
const echo = await Service.script("echo.ts", probe);
const services = [server, unguarded, rulesOnly, echo, ...(pair ? [pair] : [])];

const cases: readonly Case[] = [
  ...sizes.map((size, index) => ({
    name: `bare node:http JSON echo, ${size}`,
    service: echo,
    path: "/",
    body: JSON.stringify({ content: contents[size], algorithm: "token-native" }),
    echo: index,
  })),
  { name: "GET /health", service: server, path: "/health", echo: 0, published: PUBLISHED_SERVER.health },
  ...sizes.flatMap((size, index) =>
    algorithms.flatMap((algorithm) =>
      [server, unguarded].map((service) => ({
        name: `/compress ${algorithm}, ${size}${service === unguarded ? ", --no-security" : ""}`,
        service,
        path: "/compress",
        body: JSON.stringify({ content: contents[size], algorithm }),
        echo: index,
        published: PUBLISHED_SERVER[`${algorithm}, ${size}`],
      })),
    ),
  ),
  ...sizes.flatMap((size, index) =>
    [server, ...(pair ? [pair] : []), rulesOnly].map((service) => ({
      name: `/scan, ${size}${service === rulesOnly ? ", --engine rules" : service === pair ? ", --workers 2" : ""}`,
      service,
      path: "/scan",
      body: JSON.stringify({ content: contents[size] }),
      echo: index,
      published: PUBLISHED_SERVER[`scan, ${size}`],
    })),
  ),
];

try {
  const results = cases.map(() => [] as Throughput[]);
  const measure = (index: number): Promise<Throughput> => {
    const { service, path, body } = cases[index];
    return measureThroughput({ port: service.port, path, body }, CLIENTS, 1000);
  };
  for (const index of cases.keys()) await measure(index);
  for (let round = 0; round < rounds; round++)
    for (const index of cases.keys()) results[index].push(await measure(index));
  report(results);
} finally {
  for (const service of services) service.stop();
  await redis?.stop();
}

function report(results: readonly (readonly Throughput[])[]): void {
  console.log(`# The server\n\n${describeRun()}`);
  console.log(
    `- ${CLIENTS} connections, ${rounds} rounds of 1 s each in turn after one to warm up, by ${hasWrk() ? "wrk, one thread" : "a client in Node, because wrk is not installed"}; ` +
      `the client shares the cores\n` +
      `- no two requests are the same; a failure is an answer without status 200; of the echo: median over the rounds of the ratio to the echo of the same body\n` +
      `- the last columns are of the published server (Rust, m2m-protocol 0.4.0), measured once on a machine of two cores by wrk with ${CLIENTS} connections, ` +
      `not in this run; its scans are by patterns only. From its lowest to its highest figure\n`,
  );
  const median = (measured: readonly Throughput[], pick: (one: Throughput) => number): number =>
    quantile(measured.map(pick), 0.5);
  console.log(
    table(
      ["", "requests/s", "of the echo", "p50 ms", "p99 ms", "failures", "published server", "ratio to it"],
      cases.map(({ name, echo: base, published }, index) => {
        const measured = results[index];
        const perSecond = median(measured, (one) => one.perSecond);
        const ratios = measured.map((one, round) => one.perSecond / results[base][round].perSecond);
        return [
          name,
          Math.round(perSecond),
          quantile(ratios, 0.5).toFixed(2),
          median(measured, ({ p50Ms }) => p50Ms).toFixed(2),
          median(measured, ({ p99Ms }) => p99Ms).toFixed(2),
          measured.reduce((sum, { failures }) => sum + failures, 0),
          published ? span(published.map(String)) : "",
          published ? span([...published].reverse().map((figure) => (perSecond / figure).toFixed(2))) : "",
        ];
      }),
    ),
  );
  const memory = [server, unguarded, rulesOnly].map(({ rssMiB }) => `${rssMiB.toFixed(0)} MiB`);
  console.log(`\nResident after that: ${memory.join(", ")} (default, --no-security, --engine rules).`);
}

function span([low, high]: readonly string[]): string {
  return low === high ? low : `${low}–${high}`;
}
