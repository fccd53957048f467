// Every wire format beside gzip, deflate, zstd and Brotli, by size of the message, in streams and in conversations:
// npm run bench:compression -- --corpus FILE [--train FILE [--hold-out] [--seed N]] [--rounds N] [--plots DIR]
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BUCKETS } from "./compression/buckets.js";
import { findConversations } from "./compression/conversations.js";
import { hasZstd, trainDictionaries, type Dictionaries } from "./compression/dictionaries.js";
import { isEventStream, splitEvents } from "./compression/events.js";
import { measureSizes, openFormats, timeFormats } from "./compression/measure.js";
import { measureMemory } from "./compression/memory.js";
import { plotRatios, plotSpeed } from "./compression/plots.js";
import {
  groupBySize,
  groupTable,
  msPerKilobyte,
  ratioOf,
  ratioTable,
  sessionTable,
  smallestTable,
  speedTable,
  streamTable,
} from "./compression/report.js";
import { holdOutRepositories } from "./compression/repositories.js";
import { measureSessions, sessionFormats } from "./compression/sessions.js";
import { measureStreams, streamFormats } from "./compression/streams.js";
import { corpusPath, describeRun, fail, quantile, readCorpus, type CorpusBody } from "./support.js";

const { values } = parseArgs({
  options: {
    corpus: { type: "string" },
    train: { type: "string" },
    "hold-out": { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    rounds: { type: "string", default: "5" },
    plots: { type: "string" },
  },
});
const corpus = readCorpus(corpusPath(values.corpus));
const trainFile = values.train ?? process.env.M2M_BENCH_TRAIN;
const training = trainFile === undefined ? undefined : readCorpus(trainFile);
if (values["hold-out"] && !training) fail("--hold-out splits the messages of --train FILE: name it.");
const note = (what: string) => process.stderr.write(`  ${what} …\n`);

async function main(): Promise<void> {
  console.log(`# Compression\n\n${describeRun(corpus)}`);
  let dictionaries: Partial<Dictionaries> = {};
  if (training) {
    note("dictionaries");
    dictionaries = trainDictionaries(training.bodies.map(({ bytes }) => bytes));
    console.log(
      `- dictionaries: from ${training.bodies.length} other messages, sha256 ${training.sha256.slice(0, 16)}; for deflate ` +
        `${dictionaries.deflate!.length} bytes, picked by \`test/bench/compression/cover.ts\`; for zstd ${dictionaries.zstd!.length}, ` +
        (hasZstd() ? "trained by `zstd --train`" : "picked likewise, as there is no `zstd` to train it"),
    );
  }
  console.log(PREFACE);
  await reportMessages(corpus.bodies, dictionaries);
  await reportStreams(corpus.bodies, dictionaries, "##");
  await reportConversations(corpus.bodies, dictionaries, "##");
  if (training && values["hold-out"]) await reportHeldOut(training.bodies);
}

async function reportMessages(
  bodies: readonly CorpusBody[],
  dictionaries: Partial<Dictionaries>,
): Promise<void> {
  note("messages: sizes");
  const opened = await openFormats(dictionaries);
  const measured = opened.map((one) => measureSizes(one, bodies));
  note("messages: times");
  const timed = timeFormats(measured, bodies, Number(values.rounds));
  note("messages: memory");
  const memoryMiB = measureMemory(opened, dictionaries, corpus.file);
  const { buckets, small, all } = groupBySize(bodies);

  console.log("\n## Messages: compressed / original bytes, by size (smaller is better)\n");
  const groups = [...buckets, small, all];
  console.log(ratioTable(measured, bodies, groups));
  console.log(`\n${smallestTable(measured, bodies, groups)}`);
  if (values.plots !== undefined) {
    console.log("\n![Ratio by size of the message](compression-ratio.svg)\n");
    console.log("![Ratio against the time to compress](compression-speed.svg)");
  }
  console.log("\n## Messages up to 4 KB: speed and memory\n");
  console.log(speedTable(measured, timed, bodies, small, memoryMiB));
  for (const group of groups) {
    console.log(`\n## ${group.name} (${group.members.length} messages)\n`);
    console.log(groupTable(measured, timed, bodies, group));
  }
  if (values.plots === undefined) return;
  const plotted = measured.flatMap((one, index) => (one.format.plotted ? [{ one, index }] : []));
  const series = plotted.map(({ one }) => ({
    name: one.format.name,
    ours: one.format.ours ?? false,
    ratios: BUCKETS.map(({ name }) => {
      const group = buckets.find((bucket) => bucket.name === name);
      return group ? ratioOf(one, bodies, group) : NaN;
    }),
  }));
  const names = BUCKETS.map(({ name }) => name);
  writeFileSync(
    join(values.plots, "compression-ratio.svg"),
    plotRatios("Ratio by size of the message", names, series),
  );
  const points = plotted.map(({ one, index }) => ({
    name: one.format.name,
    ours: one.format.ours ?? false,
    ratio: ratioOf(one, bodies, small),
    msPerKilobyte: quantile(msPerKilobyte(timed[index].compressMs, bodies, small), 0.5),
  }));
  writeFileSync(
    join(values.plots, "compression-speed.svg"),
    plotSpeed("Ratio against speed, messages up to 4 KB", points),
  );
}

async function reportStreams(
  bodies: readonly CorpusBody[],
  dictionaries: Partial<Dictionaries>,
  heading: string,
): Promise<void> {
  note("streams");
  const streams = bodies
    .filter(({ text }) => isEventStream(text))
    .map(({ text }) => splitEvents(text).map((event) => Buffer.from(event)));
  const events = streams.flat();
  console.log(`\n${heading} Streams, event by event\n`);
  if (events.length === 0) {
    console.log("The corpus has none.");
    return;
  }
  const eventBytes = events.reduce((total, { length }) => total + length, 0);
  console.log(
    `${streams.length} streams of server-sent events, ${events.length} events of ${(eventBytes / events.length).toFixed(0)} bytes on ` +
      "average. After each event the sender flushes, and the event is read from what came so far. Deflate leaves out the four bytes " +
      "that every flush ends with (RFC 7692).\n",
  );
  const totals = await measureStreams(await streamFormats(dictionaries), streams);
  console.log(streamTable(totals, events.length, eventBytes));
}

async function reportConversations(
  bodies: readonly CorpusBody[],
  dictionaries: Partial<Dictionaries>,
  heading: string,
): Promise<void> {
  note("conversations");
  const conversations = findConversations(bodies).map((turns) => turns.map(({ bytes }) => bytes));
  console.log(`\n${heading} Conversations\n`);
  if (conversations.length === 0) {
    console.log("The corpus has none.");
    return;
  }
  const totalBytes = (messages: readonly Uint8Array[]) =>
    messages.reduce((total, { length }) => total + length, 0);
  const later = totalBytes(conversations.flatMap((messages) => messages.slice(1)));
  const before = totalBytes(conversations.flatMap((messages) => messages.slice(0, -1)));
  console.log(
    `${conversations.length} sequences of requests that each go on where the one before ended: ${conversations.flat().length} ` +
      `requests, ${totalBytes(conversations.flat())} bytes. Only requests are replayed, in order; the answers between them do not ` +
      `count. The turns after the first have ${later} bytes, the turns before them ${before}: about ` +
      `${(((later - before) / later) * 100).toFixed(0)} % of what they say is new.\n`,
  );
  const totals = measureSessions(await sessionFormats(dictionaries), conversations);
  console.log(sessionTable(totals, conversations));
}

/** Sizes on repositories that the dictionaries have not seen: unseen sources decide. */
async function reportHeldOut(bodies: readonly CorpusBody[]): Promise<void> {
  note("held out: dictionaries");
  const { repositories, heldOut, rest } = holdOutRepositories(bodies, Number(values.seed));
  const dictionaries = trainDictionaries(rest.map(({ bytes }) => bytes));
  note("held out: sizes");
  const opened = await openFormats(dictionaries);
  const measured = opened.map((one) => measureSizes(one, heldOut));
  const { buckets, small, all } = groupBySize(heldOut);
  console.log("\n## Unseen sources\n");
  console.log(
    `${repositories.length} repositories of the training messages, drawn with seed ${values.seed}, are held out: ` +
      `${repositories.join(", ")}. Dictionaries are trained on the messages of the others.\n`,
  );
  const groups = [...buckets, small, all];
  console.log(ratioTable(measured, heldOut, groups));
  console.log(`\n${smallestTable(measured, heldOut, groups)}`);
  await reportStreams(heldOut, dictionaries, "###");
  await reportConversations(heldOut, dictionaries, "###");
}

const PREFACE = `
Whole messages as they go over the wire, in binary where a format has a binary form. \`wire …\` are the formats of this
project; a message that one cannot carry (\`token\` takes JSON only) counts as it is. Every output was read again and compared
with what went in. The prior of \`dictionary\` is the one of the package, which has seen the file that is trained on: only \`dev\` and
sources of your own say how it does, not the held-out part of that file; \`test/bench/context.ts\` trains priors without what it measures.

Times are of one warm thread, format after format; of each message the median of ${values.rounds} rounds counts, and p50 and p99 are
over the messages. Formats of node:zlib and this project run as their users call them; zstd is WebAssembly (\`zstd-codec\`), its
dictionaries digested once. 1 KB is 1,024 bytes. Memory is by how much a process grows that loads one format and sends
200 messages there and back; the median of three processes, with \`none\` as the noise of it.`;

await main();
