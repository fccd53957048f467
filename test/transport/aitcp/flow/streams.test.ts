import { expect } from "chai";
import {
  readRecord,
  RecordWriter,
  type Frame,
  type StreamFrame,
} from "../../../../src/transport/aitcp/frames/index.js";
import { MESSAGE_COST, Streams, type FlowSettings } from "../../../../src/transport/aitcp/flow/index.js";
import { catchM2MError, rejection } from "../../../helpers/catch-error.js";

const OWN: FlowSettings = { messageBytes: 100_000, streamWindow: 4000, sessionWindow: 10_000, streams: 3 };

function pair(own: Partial<FlowSettings> = {}, queueBytes?: number): { a: Streams; b: Streams } {
  const settings = { ...OWN, ...own };
  const a = new Streams({ isInitiator: true, own: settings, queueBytes });
  const b = new Streams({ isInitiator: false, own: settings, queueBytes });
  a.setPeer(settings);
  b.setPeer(settings);
  return { a, b };
}

/** What one record of `from` has. */
function record(from: Streams, size = 1200): readonly Frame[] {
  const writer = new RecordWriter(new Uint8Array(size));
  from.fill(writer);
  return readRecord(writer.record).frames;
}

function deliver(frames: readonly Frame[], to: Streams): void {
  for (const frame of frames) to.receive(frame as StreamFrame);
}

/** Moves records both ways until there are none. */
function pump(a: Streams, b: Streams): void {
  for (;;) {
    const [ours, theirs] = [record(a), record(b)];
    if (ours.length + theirs.length === 0) return;
    deliver(ours, b);
    deliver(theirs, a);
  }
}

function reject(streams: Streams, frame: StreamFrame): string {
  return catchM2MError(() => streams.receive(frame)).code;
}

function message(
  stream: number,
  number: number,
  length: number,
  more: { offset?: number; isLast?: boolean } = {},
): StreamFrame {
  return { type: "message", stream, number, offset: 0, isLast: true, bytes: new Uint8Array(length), ...more };
}

describe("aitcp streams", () => {
  it("a short message overtakes a long one on another stream, and short ones share a record", () => {
    const { a, b } = pair({ messageBytes: 1_000_000, streamWindow: 100_000, sessionWindow: 200_000 });
    const [long, short] = [a.open(), a.open()];
    a.send(long, new Uint8Array(500_000));
    for (let i = 0; i < 3; i++) a.send(short, Uint8Array.of(i));
    const first = record(a, 16_384);
    const shorts = first.filter((frame) => frame.type === "message" && frame.stream === short);
    expect(shorts).to.have.length(3);
    deliver(first, b);
    expect(b.take(short)).to.deep.equal(Uint8Array.of(0));
  });

  it("messages that are much longer than the windows come, several at once", () => {
    const { a, b } = pair();
    const streams = [a.open(), a.open(), a.open()];
    const messages = streams.map((stream) => new Uint8Array(OWN.messageBytes).fill(stream + 1));
    streams.forEach((stream, index) => a.send(stream, messages[index]));
    pump(a, b);
    streams.forEach((stream, index) => {
      expect(Buffer.from(b.take(stream) as Uint8Array).equals(messages[index])).to.equal(true);
      b.acknowledge(stream, 1);
      pump(a, b);
    });
    expect([a.queuedBytes, b.heldBytes]).to.deep.equal([0, 0]);
  });

  it("many long messages hold no more than the windows and one of them", () => {
    const { a, b } = pair();
    const streams = [a.open(), a.open(), a.open()];
    for (const stream of streams) a.send(stream, new Uint8Array(OWN.messageBytes));
    let most = 0;
    for (let frames = record(a); frames.length > 0; frames = record(a)) {
      deliver(frames, b);
      most = Math.max(most, b.heldBytes);
      deliver(record(b), a);
    }
    expect(most).to.be.within(OWN.messageBytes, OWN.messageBytes + 3 * (OWN.streamWindow + 32));
  });

  it("one stream that is not taken does not stop another", () => {
    const { a, b } = pair();
    const [idle, busy] = [a.open(), a.open()];
    for (let i = 0; i < 10; i++) a.send(idle, new Uint8Array(1000));
    pump(a, b);
    for (let i = 0; i < 20; i++) {
      a.send(busy, new Uint8Array(3000));
      pump(a, b);
      expect(b.take(busy)).to.have.length(3000);
      b.acknowledge(busy, i + 1);
    }
  });

  it("empty messages come, and are not free", () => {
    const { a, b } = pair();
    const stream = a.open();
    for (let i = 0; i < 1000; i++) a.send(stream, new Uint8Array(0));
    pump(a, b);
    let count = 0;
    while (b.take(stream)) count++;
    expect(count).to.equal(Math.floor(OWN.streamWindow / 32));
  });

  it("a message is acknowledged when the application has taken it, and not before", async () => {
    const { a, b } = pair();
    const stream = a.open();
    const sent = a.send(stream, Uint8Array.of(1));
    pump(a, b);
    expect(b.take(stream)).to.deep.equal(Uint8Array.of(1));
    pump(a, b);
    expect(sent.outcome).to.equal(undefined);
    const { acknowledged } = sent;
    b.acknowledge(stream, 1);
    pump(a, b);
    await acknowledged;
    expect(sent.outcome).to.equal("acknowledged");
    await sent.acknowledged;
  });

  it("both ends of a stream end, and it is forgotten", () => {
    const { a, b } = pair();
    const stream = a.open();
    a.send(stream, Uint8Array.of(1));
    a.end(stream);
    pump(a, b);
    expect(b.isRead(stream)).to.equal(false);
    b.take(stream);
    expect(b.isRead(stream)).to.equal(true);
    b.acknowledge(stream, 1);
    b.send(stream, Uint8Array.of(2));
    b.end(stream);
    pump(a, b);
    a.take(stream);
    a.acknowledge(stream, 1);
    pump(a, b);
    expect([a.size, b.size]).to.deep.equal([0, 0]);
    expect(a.isRead(stream)).to.equal(true);
    expect(catchM2MError(() => a.send(stream, Uint8Array.of(1))).code).to.equal("M2M_STREAM_CLOSED");
    expect(a.open()).to.equal(stream + 2);
  });

  it("no more streams are opened than the peer takes, until one is over", () => {
    const { a, b } = pair();
    const streams = [a.open(), a.open(), a.open()];
    expect(catchM2MError(() => a.open()).code).to.equal("M2M_STREAMS_FULL");
    a.reset(streams[0], 1);
    expect(catchM2MError(() => a.open()).code).to.equal("M2M_STREAMS_FULL");
    pump(a, b);
    expect(a.open()).to.equal(6);
  });

  it("what is given up is decided: what the peer may have is unknown, the rest was not delivered", async () => {
    const { a, b } = pair();
    const stream = a.open();
    const [first, second] = [a.send(stream, Uint8Array.of(1)), a.send(stream, new Uint8Array(50_000))];
    deliver(record(a), b);
    a.reset(stream, 7);
    expect((await rejection(first.acknowledged)).code).to.equal("M2M_OUTCOME_UNKNOWN");
    expect((await rejection(second.acknowledged)).code).to.equal("M2M_STREAM_CLOSED");
    pump(a, b);
    expect([a.size, b.size, b.heldBytes]).to.deep.equal([0, 0, 0]);
  });

  it("what was taken before the other side gave it up is known to be taken", async () => {
    const { a, b } = pair();
    const stream = a.open();
    const sent = [1, 2, 3].map((byte) => a.send(stream, Uint8Array.of(byte)));
    pump(a, b);
    for (let count = 0; count < 2; count++) b.take(stream);
    b.acknowledge(stream, 1);
    b.reset(stream, 7);
    pump(a, b);
    await sent[0].acknowledged;
    for (const { acknowledged } of sent.slice(1)) {
      expect((await rejection(acknowledged)).code).to.equal("M2M_OUTCOME_UNKNOWN");
    }
    expect([a.size, b.size, b.heldBytes]).to.deep.equal([0, 0, 0]);
  });

  it("the room for what waits is bounded, and free again once it is taken", async () => {
    const { a, b } = pair({}, 5000);
    const stream = a.open();
    a.send(stream, new Uint8Array(4000));
    a.send(stream, new Uint8Array(4000));
    expect(a.isWritable).to.equal(false);
    expect(catchM2MError(() => a.send(stream, new Uint8Array(1))).code).to.equal("M2M_QUEUE_FULL");
    const ready = a.ready();
    pump(a, b);
    b.take(stream);
    b.acknowledge(stream, 1);
    pump(a, b);
    await ready;
    a.send(stream, new Uint8Array(1));
  });

  it("tells a process whose predecessor failed that the outcome is unknown, once and only of what was not taken", async () => {
    const { a, b } = pair();
    const stream = a.open();
    const sent = [1, 2, 3].map((byte) => a.send(stream, Uint8Array.of(byte)));
    pump(a, b);
    b.take(stream);
    b.acknowledge(stream, 1);
    const kept: unknown = JSON.parse(JSON.stringify(b.snapshot()));
    const restored = Streams.restore({ own: OWN }, kept);
    a.connectionLost();
    for (const [side] of [[a], [restored]]) {
      side.setPeer(OWN);
      side.resume();
    }
    pump(a, restored);
    expect(sent.map(({ outcome }) => outcome)).to.deep.equal(["acknowledged", "unknown", "unknown"]);
    expect((await rejection(sent[1].acknowledged)).code).to.equal("M2M_OUTCOME_UNKNOWN");
    a.send(stream, Uint8Array.of(4));
    pump(a, restored);
    expect(restored.take(stream)).to.deep.equal(Uint8Array.of(4));
  });

  it("early frames are of new streams and safe messages only, and come once", () => {
    const { a, b } = pair();
    const old = a.open();
    a.send(old, Uint8Array.of(1), { isSafe: true });
    pump(a, b);
    a.connectionLost();
    b.connectionLost();
    const fresh = a.open();
    a.send(old, Uint8Array.of(2), { isSafe: true });
    a.send(fresh, Uint8Array.of(3), { isSafe: true });
    a.send(fresh, Uint8Array.of(4));
    a.end(fresh);
    const { frames } = readRecord(a.early(1000));
    expect(frames.map((frame) => (frame as { stream: number }).stream)).to.deep.equal([fresh]);
    a.resume(true);
    b.resume();
    b.receiveEarly(frames);
    expect(b.take(fresh)).to.deep.equal(Uint8Array.of(3));
    pump(a, b);
    expect(b.take(fresh)).to.deep.equal(Uint8Array.of(4));
    expect([b.take(old), b.take(old)]).to.deep.equal([Uint8Array.of(1), Uint8Array.of(2)]);
  });

  it("early frames are answered before anything else is told, within what there is room for", () => {
    const own = { ...OWN, sessionWindow: 2048 };
    const [a, b] = [new Streams({ isInitiator: true, own }), new Streams({ isInitiator: false, own })];
    for (const side of [a, b]) side.setPeer(own);
    const [old] = [a.open(), a.open()];
    a.send(old, Uint8Array.of(1));
    pump(a, b);
    // What waits at the initiator takes room of its window.
    const waiting = b.open();
    b.send(waiting, new Uint8Array(900));
    pump(a, b);
    for (const side of [a, b]) side.connectionLost();
    b.send(old, Uint8Array.of(9));
    const fresh = a.open();
    a.send(fresh, Uint8Array.of(3), { isSafe: true });
    const { frames } = readRecord(a.early(1000));
    expect(a.earlyCredit).to.equal(2048 - 900 - MESSAGE_COST);
    b.setPeer({ ...own, sessionWindow: a.earlyCredit });
    b.resume();
    b.receiveEarly(frames);
    for (let byte = 0; byte < 3; byte++) b.send(fresh, new Uint8Array(600).fill(byte));
    const answers: StreamFrame[] = [];
    for (let frames = record(b); frames.length > 0; frames = record(b)) {
      answers.push(...(frames as StreamFrame[]));
    }
    const messages = answers.filter((frame) => frame.type === "message");
    // Of the stream that is to be resumed there is nothing yet, and of the new one as much as there was room for.
    expect(messages.every((frame) => frame.stream === fresh)).to.equal(true);
    expect(
      messages.reduce((sum, { bytes, offset }) => sum + bytes.length + (offset ? 0 : MESSAGE_COST), 0),
    ).to.equal(a.earlyCredit);
    a.resume(true);
    for (const frame of answers) a.receive(frame);
    expect(a.take(fresh)).to.deep.equal(new Uint8Array(600));
    a.acknowledge(fresh, 1);
    a.take(waiting);
    a.acknowledge(waiting, 1);
    pump(a, b);
    pump(a, b);
    expect([a.take(fresh)?.[0], a.take(fresh)?.[0], a.take(old)?.[0]]).to.deep.equal([1, 2, 9]);
  });

  it("early frames that somebody has kept back are known to be old", () => {
    const { a, b } = pair();
    for (const side of [a, b]) side.connectionLost();
    const fresh = a.open();
    a.send(fresh, Uint8Array.of(3), { isSafe: true });
    const { frames } = readRecord(a.early(1000));
    expect(b.isEarlyNew(frames)).to.equal(true);
    for (const side of [a, b]) side.resume();
    pump(a, b);
    expect(b.isEarlyNew(frames)).to.equal(false);
  });

  describe("refuse", () => {
    const { a: known } = pair();
    known.open();
    for (const [name, frame, code] of [
      ["a message out of order", message(1, 1, 1), "M2M_FRAME_UNEXPECTED"],
      ["a part out of order", message(1, 0, 1, { offset: 1 }), "M2M_FRAME_UNEXPECTED"],
      ["more than the credit of a stream", message(1, 0, OWN.streamWindow), "M2M_CREDIT_EXCEEDED"],
      ["a stream of this side that was not opened", message(2, 0, 1), "M2M_FRAME_UNEXPECTED"],
      ["more streams than may be", message(7, 0, 1), "M2M_STREAMS_FULL"],
      ["streams without end", message(2 ** 53 - 1, 0, 1), "M2M_STREAMS_FULL"],
      ["an end that does not fit", { type: "end", stream: 1, count: 1 }, "M2M_FRAME_UNEXPECTED"],
      ["an ACK of what was not sent", { type: "ack", stream: 0, count: 1 }, "M2M_FRAME_UNEXPECTED"],
      [
        "an ACK of a stream that was not opened",
        { type: "ack", stream: 3, count: 0 },
        "M2M_FRAME_UNEXPECTED",
      ],
      [
        "CREDIT of a stream that was not opened",
        { type: "credit", stream: 5, limit: 2 ** 20 },
        "M2M_FRAME_UNEXPECTED",
      ],
      [
        "RESUMED on a connection that was not resumed",
        { type: "resumed-all", limit: 0, seen: 0, opened: 1 },
        "M2M_FRAME_UNEXPECTED",
      ],
    ] as [string, StreamFrame, string][]) {
      it(name, () => expect(reject(known, frame)).to.equal(code));
    }

    it("a message that is too long, and one over the credit of the session", () => {
      const { b } = pair({ messageBytes: 100 });
      expect(reject(b, message(0, 0, 101))).to.equal("M2M_CREDIT_EXCEEDED");
      const { b: other } = pair();
      for (const stream of [0, 2]) other.receive(message(stream, 0, 3900));
      expect(reject(other, message(4, 0, 3900))).to.equal("M2M_CREDIT_EXCEEDED");
    });

    it("messages behind the end, and of a stream that is over", () => {
      const { b } = pair();
      b.receive({ type: "end", stream: 0, count: 0 });
      expect(reject(b, message(0, 0, 1))).to.equal("M2M_FRAME_UNEXPECTED");
      b.end(0);
      record(b);
      expect(b.size).to.equal(0);
      expect(reject(b, message(0, 0, 1))).to.equal("M2M_FRAME_UNEXPECTED");
      // Those may have been on their way.
      b.receive({ type: "ack", stream: 0, count: 0 });
      b.receive({ type: "credit", stream: 0, limit: 2 ** 20 });
      expect([b.size, b.hasWork]).to.deep.equal([0, false]);
    });

    it("a peer that asks for answers to RESET without end", () => {
      const { b } = pair();
      const reset = (stream: number): StreamFrame => ({ type: "reset", stream, code: 0 });
      let code = "";
      for (let stream = 0; stream < 100 && code === ""; stream += 2) {
        b.receive(reset(stream));
        record(b);
      }
      for (let stream = 0; stream < 100 && code === ""; stream += 2) {
        try {
          b.receive(reset(stream));
        } catch (error) {
          ({ code } = error as { code: string });
        }
      }
      expect(code).to.equal("M2M_STREAMS_FULL");
    });

    it("messages before the peer has told what it has received", () => {
      const { a, b } = pair();
      a.connectionLost();
      b.connectionLost();
      expect(reject(b, message(0, 0, 1))).to.equal("M2M_FRAME_UNEXPECTED");
      b.resume();
      expect(reject(b, message(0, 0, 1))).to.equal("M2M_FRAME_UNEXPECTED");
    });

    it("snapshots that are none", () => {
      const good = { format: 1, isInitiator: true, nextOwn: 2, nextPeer: 1 };
      const stream = { id: 0, received: 2, taken: 1, hasEnd: false };
      Streams.restore({ own: OWN }, { ...good, streams: [stream] });
      for (const bad of [
        null,
        {},
        { ...good, format: 2, streams: [] },
        { ...good, nextOwn: 3, streams: [] },
        { ...good, streams: [stream, stream] },
        { ...good, streams: [{ ...stream, taken: 3 }] },
        { ...good, streams: [{ ...stream, id: 2 }] },
        { ...good, streams: [{ ...stream, resetCode: -1 }] },
      ]) {
        expect(catchM2MError(() => Streams.restore({ own: OWN }, bad)).code).to.equal("M2M_SNAPSHOT_INVALID");
      }
    });
  });
});
