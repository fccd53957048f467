import { expect } from "chai";
import { readRecord, RecordWriter, type StreamFrame } from "../../../../src/transport/aitcp/frames/index.js";
import {
  MESSAGE_COST,
  Streams,
  type FlowSettings,
  type SentMessage,
  type StreamsSnapshot,
} from "../../../../src/transport/aitcp/flow/index.js";

export type SideName = "a" | "b";

/** A message that was sent, by what stands in its first 8 bytes. */
interface Sent {
  readonly id: number;
  readonly by: SideName;
  /** Of the process that sent it. */
  readonly process: number;
  readonly stream: number;
  readonly message: SentMessage;
}

interface Delivery {
  readonly id: number;
  readonly process: number;
}

interface Side {
  readonly name: SideName;
  readonly own: FlowSettings;
  streams: Streams;
  process: number;
  /** What a store has. */
  kept: StreamsSnapshot;
  /** Records on their way to the other side. */
  pipe: Uint8Array[];
  /** Messages that the application was given, by stream, and how many of them this process has been given and has taken. */
  readonly given: Map<number, Delivery[]>;
  counts: Map<number, { given: number; taken: number }>;
  /** Streams that this process knows. */
  known: Set<number>;
}

export const SETTINGS: FlowSettings = {
  messageBytes: 9000,
  streamWindow: 1500,
  sessionWindow: 3000,
  streams: 4,
};
const QUEUE_BYTES = 20_000;

/** Two sides, a pipe that loses all it holds when it is cut, and the books of what should have come. */
export class Simulator {
  readonly a: Side;
  readonly b: Side;
  readonly sent = new Map<number, Sent>();
  isConnected = true;
  hasReset = false;
  hasDied = false;
  #nextId = 1;

  constructor(own: { a: FlowSettings; b: FlowSettings } = { a: SETTINGS, b: SETTINGS }) {
    this.a = makeSide("a", own.a);
    this.b = makeSide("b", own.b);
    for (const side of [this.a, this.b]) side.streams.setPeer(this.other(side).own);
  }

  other(side: Side): Side {
    return side === this.a ? this.b : this.a;
  }

  open(side: Side): void {
    attempt(["M2M_STREAMS_FULL", "M2M_PROTOCOL_STATE"], () => side.known.add(side.streams.open()));
  }

  send(side: Side, pick: number, size: number, isSafe = false): void {
    const stream = pickOf(side.known, pick);
    if (stream === undefined) return;
    const bytes = new Uint8Array(Math.max(8, size)).fill(size);
    const id = this.#nextId++;
    new DataView(bytes.buffer).setUint32(0, id);
    new DataView(bytes.buffer).setUint32(4, bytes.length);
    attempt(["M2M_QUEUE_FULL", "M2M_STREAM_CLOSED", "M2M_PROTOCOL_STATE"], () => {
      const message = side.streams.send(stream, bytes, { isSafe });
      this.sent.set(id, { id, by: side.name, process: side.process, stream, message });
    });
  }

  end(side: Side, pick: number): void {
    const stream = pickOf(side.known, pick);
    if (stream === undefined) return;
    attempt(["M2M_STREAM_CLOSED", "M2M_PROTOCOL_STATE"], () => side.streams.end(stream));
  }

  reset(side: Side, pick: number): void {
    const stream = pickOf(side.known, pick);
    if (stream === undefined) return;
    this.hasReset = true;
    side.streams.reset(stream, 5);
  }

  /** One record into the pipe. @returns whether there was one */
  fill(side: Side, size: number): boolean {
    if (!this.isConnected) return false;
    const writer = new RecordWriter(new Uint8Array(size));
    const { hasWork } = side.streams;
    const hasWritten = side.streams.fill(writer);
    // It may say so and have no credit, but not the other way round.
    if (hasWritten) expect(hasWork).to.equal(true);
    if (hasWritten) side.pipe.push(writer.record);
    return hasWritten;
  }

  /** The oldest record of the pipe that leads to `side`. */
  deliver(side: Side): boolean {
    const record = this.other(side).pipe.shift();
    if (!record) return false;
    for (const frame of readRecord(record).frames) side.streams.receive(frame as StreamFrame);
    const { own, streams } = side;
    const most = 2 * own.streams * (own.streamWindow + 1) + own.messageBytes + MESSAGE_COST + 2000;
    expect(streams.heldBytes).to.be.at.most(most);
    expect(streams.heldBytes).to.be.at.least(0);
    return true;
  }

  /** The application takes a message. */
  take(side: Side, pick: number): boolean {
    const stream = pickOf(side.known, pick);
    if (stream === undefined) return false;
    // A store has it before the application.
    keep(side);
    const message = side.streams.take(stream);
    if (!message) return false;
    const view = new DataView(message.buffer, message.byteOffset);
    expect(message.length).to.equal(view.getUint32(4));
    const list = side.given.get(stream) ?? [];
    list.push({ id: view.getUint32(0), process: side.process });
    side.given.set(stream, list);
    const counts = side.counts.get(stream);
    // A process before this one was given those that its snapshot counts.
    if (counts) counts.given++;
    else side.counts.set(stream, { given: 1, taken: 0 });
    return true;
  }

  /** The application says that it has taken what it was given. */
  acknowledge(side: Side, pick: number): boolean {
    const stream = pickOf(side.known, pick);
    const counts = stream === undefined ? undefined : side.counts.get(stream);
    if (stream === undefined || !counts || counts.given === counts.taken) return false;
    counts.taken = counts.given;
    side.streams.acknowledge(stream, counts.taken);
    return true;
  }

  cut(): void {
    if (!this.isConnected) return;
    this.isConnected = false;
    for (const side of [this.a, this.b]) {
      side.pipe = [];
      side.streams.connectionLost();
    }
  }

  resume(earlyBytes: number): void {
    if (this.isConnected) return;
    this.isConnected = true;
    const early = earlyBytes > 0 ? this.a.streams.early(earlyBytes) : new Uint8Array(0);
    // Half of the responders do not take them.
    const isTaken = early.length > 0 && earlyBytes % 2 === 0;
    const { earlyCredit } = this.a.streams;
    this.a.streams.setPeer(this.b.own);
    this.b.streams.setPeer(isTaken ? { ...this.a.own, sessionWindow: earlyCredit } : this.a.own);
    this.a.streams.resume(isTaken);
    this.b.streams.resume();
    if (isTaken) this.b.streams.receiveEarly(readRecord(early).frames);
    // A store has it before the peer is told.
    for (const side of [this.a, this.b]) keep(side);
  }

  /** The process of a side ends; another one goes on with what the store has. */
  die(side: Side): void {
    this.cut();
    this.hasDied = true;
    side.process++;
    side.known = new Set(side.kept.streams.map(({ id }) => id));
    side.counts = new Map(
      side.kept.streams.map(({ id, received }) => [id, { given: received, taken: received }]),
    );
    side.streams = Streams.restore(
      { own: side.own, queueBytes: QUEUE_BYTES, events: eventsOf(side) },
      side.kept,
    );
  }

  /** All goes well from now on, until nothing moves any more. */
  settle(): void {
    for (let round = 0; round < 2000; round++) {
      this.resume(0);
      let moved = false;
      for (const side of [this.a, this.b]) {
        while (this.fill(side, 700)) moved = true;
        while (this.deliver(this.other(side))) moved = true;
      }
      for (const side of [this.a, this.b]) {
        for (let pick = 0; pick < side.known.size; pick++) {
          while (this.take(side, pick)) moved = true;
          if (this.acknowledge(side, pick)) moved = true;
        }
      }
      if (!moved) return;
    }
    throw new Error("It does not come to rest.");
  }

  /** What holds at any time. */
  assertBooks(): void {
    const seen = new Set<number>();
    for (const side of [this.a, this.b]) {
      for (const [stream, list] of side.given) {
        let before = 0;
        for (const { id } of list) {
          const sent = this.sent.get(id);
          expect(sent, "comes from nowhere").to.not.equal(undefined);
          expect(sent?.stream).to.equal(stream);
          expect(sent?.by).to.equal(this.other(side).name);
          expect(seen.has(id), `message ${id} comes twice`).to.equal(false);
          expect(id, "out of order").to.be.greaterThan(before);
          seen.add(id);
          before = id;
        }
      }
    }
    for (const { id, message } of this.sent.values()) {
      if (message.outcome === "acknowledged") expect(seen.has(id), `message ${id} is lost`).to.equal(true);
      if (message.outcome === "undelivered")
        expect(seen.has(id), `message ${id} was delivered`).to.equal(false);
    }
  }

  /** What holds once all has come to rest. */
  assertSettled(): void {
    this.assertBooks();
    for (const { id, by, process, message } of this.sent.values()) {
      const side = this[by];
      if (process !== side.process) continue;
      expect(message.outcome, `message ${id} is not decided`).to.not.equal(undefined);
      if (!this.hasReset && !this.hasDied) expect(message.outcome).to.equal("acknowledged");
    }
    for (const side of [this.a, this.b]) {
      expect(side.streams.queuedBytes).to.equal(0);
      if (!this.hasDied) expect(side.streams.heldBytes).to.equal(0);
      expect(side.streams.hasWork).to.equal(false);
    }
  }

  /** Ends all streams of both sides; all of them are forgotten then. */
  endAll(): void {
    // A side learns of a stream that was never used when it ends.
    for (const side of [this.a, this.b, this.a]) {
      for (let pick = 0; pick < side.known.size; pick++) this.end(side, pick);
      this.settle();
    }
    this.assertSettled();
    expect([this.a.streams.size, this.b.streams.size]).to.deep.equal([0, 0]);
  }
}

function makeSide(name: SideName, own: FlowSettings): Side {
  const side = {
    name,
    own,
    process: 0,
    pipe: [],
    given: new Map(),
    counts: new Map(),
    known: new Set<number>(),
  };
  const streams = new Streams({
    isInitiator: name === "a",
    own,
    queueBytes: QUEUE_BYTES,
    events: eventsOf(side),
  });
  return Object.assign(side, { streams, kept: streams.snapshot() });
}

function keep(side: Side): void {
  side.kept = JSON.parse(JSON.stringify(side.streams.snapshot())) as StreamsSnapshot;
}

function eventsOf(side: { known: Set<number> }) {
  return { onStream: (stream: number) => void side.known.add(stream) };
}

function pickOf(known: ReadonlySet<number>, pick: number): number | undefined {
  return known.size === 0 ? undefined : Array.from(known)[pick % known.size];
}

function attempt(expected: readonly string[], act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!expected.includes((error as { code?: string }).code ?? "")) throw error;
  }
}
