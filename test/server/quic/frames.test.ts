import { expect } from "chai";
import fc from "fast-check";
import {
  FrameReader,
  writeFrame,
  type FrameKind,
  type StreamFrame,
} from "../../../src/server/quic/frames.js";
import { M2MError } from "../../../src/shared/errors.js";
import { catchM2MError } from "../../helpers/catch-error.js";

const LIMIT = 2 ** 20;
const frames = fc.array(
  fc.record({
    kind: fc.constantFrom<FrameKind>("text", "binary", "token"),
    body: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 120, maxLength: 400 })),
  }),
  { maxLength: 8 },
);

function readInParts(bytes: Buffer, cuts: readonly number[], limit = LIMIT): StreamFrame[] {
  const reader = new FrameReader();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const read: StreamFrame[] = [];
  for (let index = 1; index < places.length; index++) {
    read.push(...reader.push(bytes.subarray(places[index - 1], places[index]), limit));
  }
  return read;
}

describe("frames of a QUIC stream", () => {
  it("come back however the stream cuts them", () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 30 }), (written, cuts) => {
        const bytes = Buffer.concat(written.map(({ kind, body }) => writeFrame(kind, body)));
        const read = readInParts(bytes, cuts).map(({ kind, body }) => ({
          kind,
          body: Uint8Array.from(body),
        }));
        expect(read).to.deep.equal(written);
      }),
    );
  });

  it("have one spelling: what is read is written with the same bytes, and nothing else is thrown than expected", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(fc.nat(), { maxLength: 5 }), (bytes, cuts) => {
        let read: StreamFrame[];
        try {
          read = readInParts(Buffer.from(bytes), cuts, 40);
        } catch (error) {
          expect(error).to.be.instanceOf(M2MError);
          return;
        }
        const again = Buffer.concat(read.map(({ kind, body }) => writeFrame(kind, body)));
        expect(Buffer.from(bytes).subarray(0, again.length).equals(again)).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it("are as in docs/spec/quic.md", () => {
    expect(writeFrame("text", Buffer.from("{}")).toString("hex")).to.equal("03017b7d");
    expect(writeFrame("binary", Buffer.alloc(0)).toString("hex")).to.equal("0102");
    expect(writeFrame("token", Buffer.alloc(127)).subarray(0, 3).toString("hex")).to.equal("800103");
  });

  for (const [name, hex, code] of [
    ["no type", "00", "M2M_MESSAGE_INVALID"],
    ["an unknown type", "0204", "M2M_MESSAGE_INVALID"],
    ["a length over the limit", "818040", "M2M_INPUT_TOO_LARGE"],
    ["an overlong length", "8000", "M2M_VARINT_OVERLONG"],
    ["a length over 32 bits", "ffffffff1f", "M2M_VARINT_OVERLONG"],
    ["a length without end", "ffffffffff", "M2M_VARINT_OVERLONG"],
  ] as const) {
    it(`refuses ${name}`, () => {
      const error = catchM2MError(() => new FrameReader().push(Buffer.from(hex, "hex"), LIMIT));
      expect(error).to.have.property("code", code);
    });
  }

  it("says how much of a frame lies there", () => {
    const reader = new FrameReader();
    reader.push(Buffer.from("03017b", "hex"), LIMIT);
    expect(reader.partialBytes).to.equal(3);
    expect(reader.push(Buffer.from("7d05", "hex"), LIMIT)).to.have.length(1);
    expect(reader.partialBytes).to.equal(1);
  });
});
