// What a message costs through the streams of AI-TCP, without cipher and socket: node --import tsx test/bench/aitcp-streams.ts
import { readRecord, RecordWriter, type StreamFrame } from "../../src/transport/aitcp/frames/index.js";
import { Streams, type FlowSettings } from "../../src/transport/aitcp/flow/index.js";

const OWN: FlowSettings = {
  messageBytes: 16 * 1024 * 1024,
  streamWindow: 256 * 1024,
  sessionWindow: 1024 * 1024,
  streams: 100,
};
const ROUNDS = 7;

/** Sends `count` messages over `streams` streams. @returns microseconds for each */
function measure(count: number, sizeBytes: number, streams: number, batch: number): number {
  const a = new Streams({ isInitiator: true, own: OWN });
  const b = new Streams({ isInitiator: false, own: OWN });
  a.setPeer(OWN);
  b.setPeer(OWN);
  const ids = Array.from({ length: streams }, () => a.open());
  const taken = new Map(ids.map((id) => [id, 0]));
  const writer = new RecordWriter(new Uint8Array(16 * 1024));
  const message = new Uint8Array(sizeBytes).fill(7);
  const pump = (from: Streams, to: Streams): void => {
    for (;;) {
      writer.reset();
      if (!from.fill(writer)) return;
      for (const frame of readRecord(writer.record).frames) to.receive(frame as StreamFrame);
    }
  };
  let sent = 0;
  let got = 0;
  const start = process.hrtime.bigint();
  while (got < count) {
    for (let i = 0; i < batch && sent < count && a.isWritable; i++) a.send(ids[sent++ % streams], message);
    pump(a, b);
    for (const id of ids) {
      let number = taken.get(id) as number;
      while (b.take(id)) number++;
      if (number === taken.get(id)) continue;
      got += number - (taken.get(id) as number);
      taken.set(id, number);
      b.acknowledge(id, number);
    }
    pump(b, a);
  }
  return Number(process.hrtime.bigint() - start) / 1000 / count;
}

console.log(
  "| messages | bytes | streams | in a batch | µs a message, median | spread |\n|---:|---:|---:|---:|---:|---:|",
);
for (const [count, sizeBytes, streams, batch] of [
  [100_000, 300, 1, 40],
  [100_000, 300, 1, 1],
  [100_000, 300, 50, 100],
  [20_000, 16_384, 4, 8],
  [100, 4 * 1024 * 1024, 2, 2],
]) {
  const times = Array.from({ length: ROUNDS }, () => measure(count, sizeBytes, streams, batch)).sort(
    (x, y) => x - y,
  );
  const median = times[ROUNDS >> 1];
  const spread = times[ROUNDS - 1] - times[0];
  console.log(
    `| ${count} | ${sizeBytes} | ${streams} | ${batch} | ${median.toFixed(2)} | ${spread.toFixed(2)} |`,
  );
}
