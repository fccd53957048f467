// What a proxy costs: npx tsx test/bench/proxy.ts [--quick] [--rounds N] [--requests N] [--soak SECONDS] [--portkey DIR] [--litellm DIR]
import { setTimeout as delay } from "node:timers/promises";
import { emptySamples, sendOpenLoop, sendSequentially, type Samples } from "./http/load.js";
import { postRequest, SERIAL } from "./http/message.js";
import { nodeMiB } from "./http/processes.js";
import { CHAT_ANSWER, CHAT_QUESTION } from "./http/traffic.js";
import { readProxyOptions } from "./http/proxy-options.js";
import { startRoutes, type Route } from "./http/routes.js";
import { hasWrk, measureThroughput, type Throughput } from "./http/wrk.js";
import { describeRun, quantile, table } from "./support.js";

const PATH = "/v1/chat/completions";
const OPEN_LOOP_RATE = 500;
const options = readProxyOptions();
const bodies = {
  chat: JSON.stringify(CHAT_QUESTION),
  stream: JSON.stringify({ ...CHAT_QUESTION, stream: true }),
};
type Kind = keyof typeof bodies;

const routes = await startRoutes(options, (headers) => postRequest(PATH, bodies.chat, headers));
const bodyOf = (route: Route, kind: Kind): string =>
  route.isRepeated ? bodies[kind].replace(SERIAL, "12345678") : bodies[kind];
const requestOf = (route: Route, kind: Kind): Buffer => postRequest(PATH, bodyOf(route, kind), route.headers);
const at = (values: readonly number[], share: number): string =>
  values.length === 0 ? "–" : quantile(values, share).toFixed(2);
const added = (values: readonly number[], base: readonly number[], share: number): string =>
  values.length === 0 ? "–" : (quantile(values, share) - quantile(base, share)).toFixed(2);

console.log(`# The proxy\n\n${describeRun()}`);
console.log(
  `- client, proxy and upstream share these cores, so each takes time from the others: compare within a table\n` +
    `- upstream: raw sockets, no delay; requests of ${bodies.chat.length} B, answers of ${CHAT_ANSWER.length} B or 20 events\n` +
    `- throughput by ${hasWrk() ? "wrk, one thread" : "a client in Node, because wrk is not installed: it takes more of the cores"}\n` +
    `- rows in turn, round by round; no two requests are the same, but where a row says so; a failure is anything but a whole answer with status 200\n`,
);

try {
  await warmUp();
  await reportSequential();
  await reportOpenLoop();
  await reportThroughput();
  await reportMemory();
} finally {
  routes.stop();
}

/** Compilers and pools get going before anything counts. */
async function warmUp(): Promise<void> {
  for (const route of routes.all) {
    for (const kind of ["chat", "stream"] as const)
      await sendSequentially(route.port, requestOf(route, kind), options.warmUp, emptySamples());
    await measure(route, "chat", 16, 1000);
  }
}

function measure(route: Route, kind: Kind, clients: number, durationMs: number): Promise<Throughput> {
  const { port, headers } = route;
  return measureThroughput({ port, path: PATH, body: bodyOf(route, kind), headers }, clients, durationMs);
}

async function reportSequential(): Promise<void> {
  console.log(`## One client, one request after the other: milliseconds\n`);
  const samples = routes.all.map(() => ({ chat: emptySamples(), stream: emptySamples() }));
  for (let round = 0; round < options.rounds; round++) {
    for (const [index, route] of routes.all.entries()) {
      for (const kind of ["chat", "stream"] as const)
        await sendSequentially(
          route.port,
          requestOf(route, kind),
          options.sequential / (kind === "chat" ? 1 : 4),
          samples[index][kind],
        );
    }
  }
  const [base] = samples;
  const cells = (values: readonly number[], direct: readonly number[]): string[] => [
    at(values, 0.5),
    at(values, 0.99),
    added(values, direct, 0.5),
    added(values, direct, 0.99),
  ];
  console.log(
    table(
      ["completion", "p50", "p99", "added p50", "added p99", "failures of"],
      samples.map(({ chat }, index) => [
        routes.all[index].name,
        ...cells(chat.totalMs, base.chat.totalMs),
        failuresOf(chat),
      ]),
    ),
  );
  console.log("");
  console.log(
    table(
      [
        "stream of 20 events",
        "first byte p50",
        "p99",
        "added p50",
        "added p99",
        "whole: added p50",
        "failures of",
      ],
      samples.map(({ stream }, index) => [
        routes.all[index].name,
        ...cells(stream.firstByteMs, base.stream.firstByteMs),
        added(stream.totalMs, base.stream.totalMs, 0.5),
        failuresOf(stream),
      ]),
    ),
  );
}

function failuresOf({ failures, totalMs }: Samples): string {
  return `${failures} of ${failures + totalMs.length}`;
}

async function reportOpenLoop(): Promise<void> {
  console.log(
    `\n## ${OPEN_LOOP_RATE} requests a second, whatever comes back: milliseconds from when each was due\n`,
  );
  const samples = routes.all.map(emptySamples);
  for (let round = 0; round < Math.max(2, Math.round(options.rounds / 3)); round++) {
    for (const [index, route] of routes.all.entries()) {
      await sendOpenLoop(
        route.port,
        requestOf(route, "chat"),
        OPEN_LOOP_RATE,
        options.openLoopMs,
        samples[index],
      );
      // A backlog of one is not the next one's.
      await delay(200);
    }
  }
  console.log(
    table(
      ["", "p50", "p99", "added p50", "added p99", "most", "failures of"],
      samples.map((one, index) => [
        routes.all[index].name,
        at(one.totalMs, 0.5),
        at(one.totalMs, 0.99),
        added(one.totalMs, samples[0].totalMs, 0.5),
        added(one.totalMs, samples[0].totalMs, 0.99),
        at(one.totalMs, 1),
        failuresOf(one),
      ]),
    ),
  );
}

async function reportThroughput(): Promise<void> {
  const relay = routes.all.findIndex(({ isRelay }) => isRelay);
  for (const [kind, levels] of [
    ["chat", [1, 16, 64]],
    ["stream", [16]],
  ] as const) {
    console.log(
      `\n## ${kind === "chat" ? "Completions" : "Streams of 20 events"} a second: median of the rounds, and of their ratios to the bare relay\n`,
    );
    const rows = routes.all.map(({ name }) => [name] as (string | number)[]);
    const header = [""];
    for (const clients of levels) {
      header.push(`${clients} ${clients === 1 ? "client" : "clients"}`, "ratio", "p99 ms", "failures");
      const results = routes.all.map(() => [] as Throughput[]);
      for (let round = 0; round < Math.max(2, Math.round(options.rounds / 3)); round++) {
        for (const [index, route] of routes.all.entries())
          results[index].push(await measure(route, kind, clients, options.throughputMs));
      }
      results.forEach((measured, index) => {
        const ratios = measured.map(({ perSecond }, round) => perSecond / results[relay][round].perSecond);
        rows[index].push(
          Math.round(
            quantile(
              measured.map(({ perSecond }) => perSecond),
              0.5,
            ),
          ),
          quantile(ratios, 0.5).toFixed(2),
          quantile(
            measured.map(({ p99Ms }) => p99Ms),
            0.5,
          ).toFixed(1),
          measured.reduce((sum, { failures }) => sum + failures, 0),
        );
      });
    }
    console.log(table(header, rows));
  }
}

async function reportMemory(): Promise<void> {
  const own = await nodeMiB();
  console.log(`\n## Memory: MiB resident above the ${own.toFixed(0)} of a Node that does nothing\n`);
  // A process of its own each: what the tables before left behind is not counted.
  const fresh = await startRoutes({ ...options, portkey: undefined, litellm: undefined }, (headers) =>
    postRequest(PATH, bodies.chat, headers),
  );
  try {
    const steps = [0, 0.1, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * options.requests));
    const rows = [];
    for (const route of fresh.all.filter(({ service, isUpstream }) => service && !isUpstream)) {
      const cells = [];
      let sent = 0;
      for (const step of steps) {
        while (sent < step) sent += await sendSome(route);
        cells.push((route.service!.rssMiB - own).toFixed(0));
      }
      rows.push([route.name, ...cells]);
    }
    console.log(table(["after requests", ...steps.map(String)], rows));
    if (options.soakS > 0) await reportSoak(fresh.all, own);
  } finally {
    fresh.stop();
  }
}

/** Chats and streams in turn. @returns how many were answered */
async function sendSome(route: Route): Promise<number> {
  const chat = await measure(route, "chat", 16, 1000);
  const stream = await measure(route, "stream", 16, 1000);
  return Math.max(1, Math.round(chat.perSecond + stream.perSecond));
}

async function reportSoak(all: readonly Route[], own: number): Promise<void> {
  console.log(
    `\n## Soak: ${options.soakS} s of traffic each, MiB above Node's own, twelve times on the way\n`,
  );
  const rows = [];
  for (const route of all.filter(({ isM2m }) => isM2m)) {
    const cells = [];
    let sent = 0;
    for (let part = 1; part <= 12; part++) {
      const untilMs = performance.now() + (options.soakS * 1000) / 12;
      while (performance.now() < untilMs) sent += await sendSome(route);
      cells.push((route.service!.rssMiB - own).toFixed(0));
    }
    rows.push([route.name, String(sent), ...cells]);
  }
  console.log(table(["", "requests", ...Array.from({ length: 12 }, (_, part) => String(part + 1))], rows));
}
