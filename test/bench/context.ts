// What the codec `dictionary` leaves of messages, streams and conversations beside Brotli 11:
// npx tsx test/bench/context.ts --corpus FILE [--prior FILE] [--only owner/name,…] [--part messages|streams|conversations]
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, createBrotliCompress } from "node:zlib";
import { type Message, readMessages } from "../../models/prior/corpus.js";
import {
  ContextCodec,
  PriorCache,
  readPackagedPrior,
  SessionDecoder,
  SessionEncoder,
  StreamDecoder,
  StreamEncoder,
} from "../../src/codec/context/index.js";
import { table } from "./support.js";

const { values } = parseArgs({
  options: {
    corpus: { type: "string" },
    prior: { type: "string" },
    only: { type: "string" },
    part: { type: "string", default: "messages,streams,conversations" },
  },
});
const parts = values.part.split(",");
const only = values.only?.split(",");
const messages = readMessages(values.corpus!).filter(
  ({ repository }) => only === undefined || only.includes(repository),
);
const priors = new PriorCache([
  values.prior === undefined ? readPackagedPrior : () => readFileSync(values.prior!),
]);
const startedMs = performance.now();
const codec = new ContextCodec({ priors });
priors.names;
console.log(`load ${(performance.now() - startedMs).toFixed(1)} ms, prior ${priors.names.join()}`);

const brotli11 = (bytes: Uint8Array): number =>
  brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  }).length;
const BUCKETS: readonly (readonly [string, number])[] = [
  ["< 100 B", 100],
  ["100-300", 300],
  ["300-1K", 1024],
  ["1-4K", 4097],
  ["4-16K", 16385],
  ["16-64K", 65537],
];
const percentile = (values: number[], share: number): string =>
  values.length === 0 ? "-" : [...values].sort((a, b) => a - b)[Math.floor(values.length * share)].toFixed(3);
const cpuMs = (): number => process.cpuUsage().user / 1000;

if (parts.includes("messages")) measureMessages();
if (parts.includes("streams")) await measureStreams();
if (parts.includes("conversations")) {
  measureConversations(false);
  measureConversations(true);
}

function measureMessages(): void {
  const fast = new ContextCodec({ priors, level: "fast" });
  const first = messages.find(({ bytes }) => bytes.length > 500 && bytes.length < 1000);
  if (first) {
    const at = performance.now();
    const wire = codec.encodeBinary(first.bytes);
    const middle = performance.now();
    codec.decodeBinary(wire);
    console.log(
      `first message of ${first.bytes.length} bytes: ${(middle - at).toFixed(2)} ms, back ${(performance.now() - middle).toFixed(2)} ms`,
    );
  }
  for (const { bytes } of messages.slice(0, 400))
    if (bytes.length < 4096) codec.decodeBinary(codec.encodeBinary(bytes));
  const rows = new Map<string, number[]>();
  const compressMs: number[] = [];
  const decompressMs: number[] = [];
  const fastMs: number[] = [];
  let differing = 0;
  let worst = -Infinity;
  const measured = messages.filter(({ bytes }) => bytes.length > 0 && bytes.length <= 65536);
  // One pass a method, so that none pays for what another leaves in the caches.
  const timed = <T>(times: number[], work: (message: Message, i: number) => T): T[] =>
    measured.map((message, i) => {
      const at = cpuMs();
      const result = work(message, i);
      if (message.bytes.length <= 4096) times.push((cpuMs() - at) / (message.bytes.length / 1024));
      return result;
    });
  const wires = timed(compressMs, ({ bytes }) => codec.encodeBinary(bytes));
  const backs = timed(decompressMs, (_, i) => codec.decodeBinary(wires[i]));
  const quick = timed(fastMs, ({ bytes }) => fast.encodeBinary(bytes));
  measured.forEach(({ bytes, exact }, i) => {
    const size = bytes.length;
    const quickBack = fast.decodeBinary(quick[i]);
    if (Buffer.compare(backs[i], bytes) !== 0 || Buffer.compare(quickBack, bytes) !== 0) differing++;
    worst = Math.max(worst, wires[i].length - size);
    const other = brotli11(bytes);
    const names = [BUCKETS.find(([, below]) => size < below)![0]];
    if (size <= 4096) names.push("up to 4K", exact ? "up to 4K, exact" : "up to 4K, rebuilt");
    else names.push("4-64K");
    for (const name of names) {
      const row = rows.get(name) ?? [0, 0, 0, 0, 0, 0];
      [1, size, wires[i].length, quick[i].length, other, wires[i].length > other ? 1 : 0].forEach(
        (value, k) => (row[k] += value),
      );
      rows.set(name, row);
    }
  });
  const order = [
    ...BUCKETS.map(([name]) => name),
    "up to 4K",
    "up to 4K, exact",
    "up to 4K, rebuilt",
    "4-64K",
  ];
  console.log(
    table(
      [
        "size",
        "messages",
        "bytes",
        "default",
        "fast",
        "brotli 11",
        "default / brotli",
        "fast / brotli",
        "larger than brotli",
      ],
      order.flatMap((name) => {
        const row = rows.get(name);
        if (row === undefined) return [];
        const [count, bytes, ours, quick, other, larger] = row;
        const share = (value: number): string => (value / bytes).toFixed(4);
        return [
          [
            name,
            count,
            bytes,
            share(ours),
            share(quick),
            share(other),
            (ours / other).toFixed(4),
            (quick / other).toFixed(4),
            larger,
          ],
        ];
      }),
    ),
  );
  console.log(`differing ${differing}; at most ${worst} bytes over the content`);
  for (const [name, times] of [
    ["compress", compressMs],
    ["decompress", decompressMs],
    ["fast", fastMs],
  ] as const) {
    console.log(`${name}: CPU ms/KB p50 ${percentile(times, 0.5)} p99 ${percentile(times, 0.99)}`);
  }
  const mb = process.memoryUsage();
  console.log(`rss ${(mb.rss / 2 ** 20).toFixed(0)} MiB`);
}

async function measureStreams(): Promise<void> {
  let count = 0;
  let raw = 0;
  let ours = 0;
  let theirs = 0;
  let differing = 0;
  let spentMs = 0;
  const sizes: number[] = [];
  for (const { bytes, kind } of messages) {
    if (kind !== "sse.stream") continue;
    const text = Buffer.from(bytes).toString("utf8");
    const events = text
      .split(/(?<=\n\n)/)
      .map((event) => Buffer.from(event))
      .slice(0, 200);
    const at = cpuMs();
    const encoder = new StreamEncoder({ priors });
    const wires = events.map((event) => encoder.push(event));
    wires.push(encoder.end());
    spentMs += cpuMs() - at;
    const decoder = new StreamDecoder({ priors });
    wires.forEach((wire, i) => {
      const got = decoder.push(wire);
      if (i < events.length && Buffer.compare(Buffer.concat(got), events[i]) !== 0) differing++;
    });
    decoder.end();
    for (const wire of wires) ours += wire.length;
    sizes.push(...wires.map(({ length }) => length));
    raw += events.reduce((sum, { length }) => sum + length, 0);
    count += events.length;
    theirs += await brotliFlushed(events);
  }
  console.log(
    `streams: ${count} events of ${(raw / count).toFixed(0)} bytes, ${(ours / count).toFixed(2)} bytes an event (p50 ${percentile(sizes, 0.5)}), ` +
      `brotli 11 flushed ${(theirs / count).toFixed(2)}, ratio ${(ours / theirs).toFixed(3)}, differing ${differing}, CPU ${((spentMs * 1024) / raw).toFixed(3)} ms/KB, ${((spentMs * 1000) / count).toFixed(0)} us an event`,
  );
}

async function brotliFlushed(events: readonly Buffer[]): Promise<number> {
  const stream = createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  let size = 0;
  stream.on("data", (chunk: Buffer) => (size += chunk.length));
  for (const event of events) {
    stream.write(event);
    await new Promise<void>((resolve) => stream.flush(constants.BROTLI_OPERATION_FLUSH, resolve));
  }
  await new Promise<void>((resolve) => {
    stream.on("end", resolve);
    stream.end();
  });
  return size;
}

/** What answered a request: the next message of its recording, if that is one. */
function answerTo(request: Message): Message | undefined {
  const next = messages[messages.indexOf(request) + 1] as Message | undefined;
  return next?.source === request.source && !next.kind.endsWith("request") ? next : undefined;
}

/** Requests of one recording, each extending the messages of the one before. */
function conversations(): Message[][] {
  const bySource = new Map<string, { message: Message; turns: string[]; isUsed: boolean }[]>();
  for (const message of messages) {
    if (!message.kind.endsWith("request")) continue;
    let body: { messages?: unknown; input?: unknown };
    try {
      body = JSON.parse(Buffer.from(message.bytes).toString("utf8")) as typeof body;
    } catch {
      continue;
    }
    const turns = Array.isArray(body.messages) ? body.messages : body.input;
    if (!Array.isArray(turns) || turns.length === 0) continue;
    const list = bySource.get(message.source) ?? [];
    list.push({ message, turns: turns.map((turn) => JSON.stringify(turn)), isUsed: false });
    bySource.set(message.source, list);
  }
  const chains: Message[][] = [];
  for (const list of bySource.values()) {
    list.sort((a, b) => a.turns.length - b.turns.length);
    for (const head of list) {
      if (head.isUsed) continue;
      const chain = [head];
      for (const next of list) {
        const last = chain.at(-1)!;
        if (
          !next.isUsed &&
          next.turns.length > last.turns.length &&
          last.turns.every((turn, i) => turn === next.turns[i])
        )
          chain.push(next);
      }
      if (chain.length < 2) continue;
      for (const entry of chain) entry.isUsed = true;
      chains.push(chain.map(({ message }) => message));
    }
  }
  return chains;
}

function measureConversations(withAnswers: boolean): void {
  let turns = 0;
  let raw = 0;
  let ours = 0;
  let theirs = 0;
  let stateless = 0;
  let differing = 0;
  let spentMs = 0;
  const chains = conversations();
  for (const chain of chains) {
    const encoder = new SessionEncoder({ priors });
    const decoder = new SessionDecoder({ priors });
    chain.forEach((message, turn) => {
      const { bytes } = message;
      const at = cpuMs();
      const wire = encoder.encode(bytes);
      spentMs += cpuMs() - at;
      if (Buffer.compare(decoder.decode(wire), bytes) !== 0) differing++;
      const answer = withAnswers ? answerTo(message) : undefined;
      if (answer !== undefined) {
        encoder.absorb(answer.bytes);
        decoder.absorb(answer.bytes);
      }
      if (turn === 0) return;
      turns++;
      raw += bytes.length;
      ours += wire.length;
      stateless += codec.encodeBinary(bytes).length;
      theirs += brotli11(bytes);
    });
  }
  console.log(
    `conversations${withAnswers ? ", answers taken in" : ""}: ${chains.length}, ${turns} turns behind the first of ${(raw / turns).toFixed(0)} bytes, ${(ours / turns).toFixed(1)} bytes a turn, ` +
      `without history ${(stateless / turns).toFixed(1)}, brotli 11 ${(theirs / turns).toFixed(1)}, ratio ${(ours / theirs).toFixed(3)}, differing ${differing}, CPU ${((spentMs * 1024) / raw).toFixed(3)} ms/KB`,
  );
}
