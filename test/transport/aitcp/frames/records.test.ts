import { expect } from "chai";
import fc from "fast-check";
import { FormatError } from "../../../../src/shared/errors.js";
import {
  MAX_TURN_END_BYTES,
  readRecord,
  RecordWriter,
  type Frame,
} from "../../../../src/transport/aitcp/frames/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";

const number = fc.oneof(fc.maxSafeNat(), fc.nat({ max: 300 }));
const bytes = (constraints: fc.IntArrayConstraints = {}) => fc.uint8Array(constraints);

const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc
    .record({
      type: fc.constant("message" as const),
      stream: number,
      number,
      offset: number,
      isLast: fc.boolean(),
      bytes: bytes({ maxLength: 400 }),
    })
    .filter((message) => message.isLast || message.bytes.length > 0),
  fc.record({ type: fc.constantFrom("end" as const, "ack" as const), stream: number, count: number }),
  fc.record({ type: fc.constant("reset" as const), stream: number, code: number }),
  fc.record({ type: fc.constant("reset-done" as const), stream: number }),
  fc.record({ type: fc.constant("credit" as const), stream: number, limit: number }),
  fc.record({ type: fc.constant("credit-all" as const), limit: number }),
  fc.record({
    type: fc.constantFrom("ping" as const, "pong" as const),
    bytes: bytes({ minLength: 8, maxLength: 8 }),
  }),
  fc.record({ type: fc.constant("ticket" as const), bytes: bytes({ maxLength: 200 }) }),
  fc.record({
    type: fc.constant("resumed" as const),
    stream: number,
    received: number,
    taken: number,
    limit: number,
    isReset: fc.boolean(),
    hasEnd: fc.boolean(),
    isLost: fc.boolean(),
  }),
  fc.record({ type: fc.constant("resumed-all" as const), limit: number, seen: number, opened: number }),
);

function write(writer: RecordWriter, value: Frame): boolean {
  switch (value.type) {
    case "message":
      return writer.message(value.stream, value.number, value.offset, value.bytes, value.isLast);
    case "end":
      return writer.end(value.stream, value.count);
    case "ack":
      return writer.ack(value.stream, value.count);
    case "reset":
      return writer.resetStream(value.stream, value.code);
    case "reset-done":
      return writer.resetDone(value.stream);
    case "credit":
      return writer.credit(value.stream, value.limit);
    case "credit-all":
      return writer.creditAll(value.limit);
    case "ping":
      return writer.ping(value.bytes);
    case "pong":
      return writer.pong(value.bytes);
    case "ticket":
      return writer.ticket(value.bytes);
    case "close":
      return writer.close(value.code, value.text);
    case "resumed":
      return writer.resumed(value);
    case "resumed-all":
      return writer.resumedAll(value.limit, value.seen, value.opened);
  }
}

/** @returns the offset of the error */
function refused(...record: number[]): number | undefined {
  const error = catchM2MError(() => readRecord(Uint8Array.from(record)));
  expect(error).to.be.instanceOf(FormatError).with.property("code", "M2M_RECORD_INVALID");
  return (error as FormatError).offset;
}

describe("aitcp records", () => {
  it("come back as they were written, with TURN_END, CLOSE and padding", () => {
    const close = fc.record({
      type: fc.constant("close" as const),
      code: number,
      text: fc.string({ unit: "grapheme", maxLength: 20 }),
    });
    const turnEnd = fc.record({ number, timeMs: number });
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 12 }),
        fc.option(close),
        fc.option(turnEnd),
        fc.nat({ max: 300 }),
        (list, closing, turn, padding) => {
          const frames: Frame[] = closing ? [...list, closing] : list;
          const writer = new RecordWriter(new Uint8Array(20_000));
          for (const value of frames) expect(write(writer, value)).to.equal(true);
          const turnFrames = Buffer.from(writer.turnFrames);
          expect(turnFrames.length).to.equal(writer.length);
          expect(writer.messages).to.equal(
            frames.filter((value) => value.type === "message" && value.isLast).length,
          );
          if (turn) writer.turnEnd(turn.number, turn.timeMs);
          writer.pad(writer.length + padding);
          const content = readRecord(writer.record);
          expect(content.frames).to.deep.equal(frames);
          expect(content.turnEnd).to.deep.equal(turn ?? undefined);
          expect(Buffer.from(writer.record.subarray(0, content.turnBytes)).equals(turnFrames)).to.equal(true);
          expect(Buffer.from(writer.turnFrames).equals(turnFrames)).to.equal(true);
        },
      ),
    );
  });

  it("take no frame that would not leave room for a TURN_END, and are whole without it", () => {
    fc.assert(
      fc.property(fc.array(frame), fc.integer({ min: MAX_TURN_END_BYTES, max: 300 }), (frames, size) => {
        const writer = new RecordWriter(new Uint8Array(size));
        const written = frames.filter((value) => {
          const before = writer.length;
          const isWritten = write(writer, value);
          if (!isWritten) expect(writer.length).to.equal(before);
          return isWritten;
        });
        writer.turnEnd(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
        expect(writer.length).to.be.at.most(size);
        expect(readRecord(writer.record).frames).to.deep.equal(written);
      }),
    );
  });

  it("a buffer serves again", () => {
    const writer = new RecordWriter(new Uint8Array(100));
    writer.message(0, 0, 0, Uint8Array.of(1, 2, 3), true);
    writer.turnEnd(0, 1);
    writer.reset();
    expect([writer.length, writer.messages, writer.turnFrames.length]).to.deep.equal([0, 0, 0]);
    expect(readRecord(writer.record)).to.deep.equal({ frames: [], turnBytes: 0 });
  });

  it("any bytes are frames or a FormatError, and a record is read before it counts", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat({ max: 15 }), fc.nat({ max: 255 })), { maxLength: 60 }),
        (list) => {
          const record = Uint8Array.from(list);
          try {
            const { turnBytes } = readRecord(record);
            expect(turnBytes).to.be.at.most(record.length);
          } catch (error) {
            expect(error).to.be.instanceOf(FormatError).with.property("code", "M2M_RECORD_INVALID");
          }
        },
      ),
      { numRuns: 5000 },
    );
  });

  it("bytes of a message are a view of the record", () => {
    const record = Uint8Array.of(2, 0, 0, 0, 3, 7, 8, 9);
    const [message] = readRecord(record).frames;
    record[5] = 70;
    expect(message).to.deep.include({ type: "message", bytes: Uint8Array.of(70, 8, 9) });
  });

  it("a text of CLOSE is cut between characters", () => {
    const writer = new RecordWriter(new Uint8Array(400));
    writer.close(6, "é".repeat(200) + "x");
    expect(readRecord(writer.record).frames).to.deep.equal([
      { type: "close", code: 6, text: "é".repeat(128) },
    ]);
    writer.reset();
    writer.close(6, "x" + "é".repeat(200));
    expect(readRecord(writer.record).frames).to.deep.equal([
      { type: "close", code: 6, text: "x" + "é".repeat(127) },
    ]);
  });

  for (const [name, record, offset] of [
    ["an unknown type", [0x10], 0],
    ["a second unknown type", [0x07, 0x05, 0x40], 2],
    ["a number that is cut", [0x03, 0x00, 0x80], 2],
    ["a number in a longer form", [0x07, 0x85, 0x00], 1],
    ["a message that passes the record", [0x02, 0, 0, 0, 3, 1, 2], 5],
    ["an empty part that is not the last", [0x01, 0, 0, 0, 0], 0],
    ["padding that is not zero", [0x07, 0x05, 0x00, 0x00, 0x01], 4],
    ["a frame behind TURN_END", [0x0b, 0, 0, 0x07, 0x05], 3],
    ["a frame behind CLOSE", [0x0c, 0, 0, 0x07, 0x05], 3],
    ["a text of CLOSE that is too long", [0x0c, 0, 0x81, 0x02, ...new Array<number>(257).fill(0x61)], 2],
    ["a text of CLOSE that is no UTF-8", [0x0c, 0, 1, 0xff], 2],
    ["a PING that is cut", [0x08, 1, 2, 3], 1],
    ["an unknown flag of RESUMED", [0x0d, 0, 0, 0, 0, 8], 5],
    ["a TICKET that passes the record", [0x0a, 0x10, 1], 2],
  ] as [string, number[], number][]) {
    it(`refuse ${name}`, () => expect(refused(...record)).to.equal(offset));
  }

  it("TURN_END may follow CLOSE", () => {
    expect(readRecord(Uint8Array.of(0x0c, 0, 0, 0x0b, 1, 2, 0, 0))).to.deep.equal({
      frames: [{ type: "close", code: 0, text: "" }],
      turnBytes: 3,
      turnEnd: { number: 1, timeMs: 2 },
    });
  });
});
