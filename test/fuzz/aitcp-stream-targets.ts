import {
  readRecord,
  RecordWriter,
  type Frame,
  type StreamFrame,
} from "../../src/transport/aitcp/frames/index.js";
import {
  MESSAGE_COST,
  Streams,
  type FlowSettings,
  type StreamsSnapshot,
} from "../../src/transport/aitcp/flow/index.js";
import { verifyTranscript } from "../../src/transport/aitcp/turn/index.js";
import { sha256, verifyEd25519 } from "../transport/aitcp/turn/ed25519.js";
import { sampleTranscript } from "../transport/aitcp/turn/sample-session.js";
import type { FuzzTarget } from "./targets.js";

const OWN: FlowSettings = { messageBytes: 5000, streamWindow: 2000, sessionWindow: 8000, streams: 8 };

/** Records of AI-TCP, what streams make of them, snapshots and transcripts. */
export function aitcpStreamTargets(): FuzzTarget[] {
  return [
    recordTarget(),
    streamsTarget(),
    earlyTarget(),
    resumptionTarget(),
    snapshotTarget(),
    transcriptTarget(),
  ];
}

function recordTarget(): FuzzTarget {
  return {
    name: "aitcp record",
    seeds: [...pair().records, pair().resumed, otherRecord()],
    opening: Uint8Array.of(2, 0, 0, 0),
    decode: (wire) => void readRecord(wire),
  };
}

/** A responder gets a record at the beginning of a connection. What it holds stays bounded. */
function streamsTarget(): FuzzTarget {
  const decode = (wire: Uint8Array): void => {
    const streams = new Streams({ isInitiator: false, own: OWN });
    streams.setPeer(OWN);
    streams.send(streams.open(), new Uint8Array(100));
    receiveAll(streams, wire);
  };
  const { records } = pair();
  return { name: "aitcp streams", seeds: records.slice(0, 1), opening: Uint8Array.of(2, 0, 0, 0), decode };
}

/** A responder gets early frames, and then the first record of a connection. */
function earlyTarget(): FuzzTarget {
  const writer = new RecordWriter(new Uint8Array(600));
  for (const [stream, length] of [
    [0, 10],
    [2, 300],
  ]) {
    writer.message(stream, 0, 0, new Uint8Array(length), true);
  }
  const told = new RecordWriter(new Uint8Array(100));
  told.resumedAll(OWN.sessionWindow, 1, 4);
  const decode = (wire: Uint8Array): void => {
    const streams = new Streams({ isInitiator: false, own: OWN });
    streams.setPeer(OWN);
    streams.connectionLost();
    streams.resume();
    streams.receiveEarly(readRecord(wire).frames);
    const writer = new RecordWriter(new Uint8Array(1000));
    streams.send(0, new Uint8Array(100));
    streams.fill(writer);
    receiveAll(streams, told.record);
  };
  return {
    name: "aitcp early",
    seeds: [writer.record],
    opening: Uint8Array.of(2, 0, 0, 0),
    decode,
  };
}

/** A responder gets a record at the beginning of a resumed connection. */
function resumptionTarget(): FuzzTarget {
  const { snapshot, resumed } = pair();
  const decode = (wire: Uint8Array): void => {
    const streams = Streams.restore({ own: OWN }, snapshot);
    streams.setPeer(OWN);
    streams.resume();
    receiveAll(streams, wire);
  };
  return { name: "aitcp resumption", seeds: [resumed], opening: resumed.subarray(0, 6), decode };
}

function receiveAll(streams: Streams, wire: Uint8Array): void {
  const writer = new RecordWriter(new Uint8Array(1000));
  streams.fill(writer);
  for (const frame of readRecord(wire).frames) if (isStreamFrame(frame)) streams.receive(frame);
  const most = OWN.streams * (OWN.streamWindow + MESSAGE_COST) + OWN.messageBytes;
  if (streams.heldBytes > most) throw new Error(`It holds ${streams.heldBytes} bytes.`);
  writer.reset();
  streams.fill(writer);
}

function snapshotTarget(): FuzzTarget {
  const decode = (text: Uint8Array): void => {
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(text).toString());
    } catch {
      value = undefined;
    }
    Streams.restore({ own: OWN }, value);
  };
  const { snapshot } = pair();
  return {
    name: "aitcp snapshot",
    seeds: [Buffer.from(JSON.stringify(snapshot))],
    opening: Buffer.from('{"format":1,'),
    decode,
  };
}

function transcriptTarget(): FuzzTarget {
  const decode = async (bytes: Uint8Array): Promise<void> => {
    await verifyTranscript([bytes], { verify: verifyEd25519, createHash: sha256, keepsContent: true });
  };
  return {
    name: "aitcp transcript",
    seeds: [sampleTranscript(), sampleTranscript("packet"), sampleTranscript("none")],
    opening: Buffer.from("AITCP-T1"),
    decode,
  };
}

interface Sample {
  /** Of the initiator, on the first connection. */
  readonly records: Uint8Array[];
  /** Of the responder, when the connection was lost. */
  readonly snapshot: StreamsSnapshot;
  /** The initiator's first record on the next one. */
  readonly resumed: Uint8Array;
}

/** Two sides that have spoken. */
function pair(): Sample {
  const [a, b] = [true, false].map((isInitiator) => new Streams({ isInitiator, own: OWN }));
  const records: Uint8Array[] = [];
  a.setPeer(OWN);
  b.setPeer(OWN);
  const [first, second] = [a.open(), a.open()];
  a.send(first, new Uint8Array(3000).fill(1));
  a.send(second, new Uint8Array(10).fill(2));
  a.end(second);
  const move = (from: Streams, to: Streams): Uint8Array | undefined => {
    const writer = new RecordWriter(new Uint8Array(600));
    if (!from.fill(writer)) return undefined;
    for (const frame of readRecord(writer.record).frames) to.receive(frame as StreamFrame);
    return writer.record;
  };
  for (let record = move(a, b); record; record = move(a, b)) {
    records.push(record);
    move(b, a);
  }
  a.connectionLost();
  a.resume();
  const writer = new RecordWriter(new Uint8Array(600));
  a.fill(writer);
  return { records, snapshot: b.snapshot(), resumed: writer.record };
}

/** The frames that streams do not write. */
function otherRecord(): Uint8Array {
  const writer = new RecordWriter(new Uint8Array(300));
  writer.ping(new Uint8Array(8).fill(3));
  writer.ticket(new Uint8Array(40).fill(4));
  writer.close(2, "a limit was passed");
  writer.turnEnd(7, 1_790_000_000_000);
  writer.pad(120);
  return writer.record;
}

function isStreamFrame(frame: Frame): frame is StreamFrame {
  return !["ping", "pong", "ticket", "close"].includes(frame.type);
}
