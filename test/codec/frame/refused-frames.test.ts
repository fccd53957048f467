import { expect } from "chai";
import fc from "fast-check";
import { FrameCodec, peekFrame } from "../../../src/codec/frame/index.js";
import { CodecEngine } from "../../../src/codec/index.js";
import { M2MError } from "../../../src/shared/errors.js";
import { fromHex, KEY, patched, thrownBy, toHex, utf8, vector, VECTORS } from "./vectors.js";

const HELLO = fromHex(vector("hello").frameHex);
const RESPONSE = fromHex(vector("response-tool-calls").frameHex);
const codec = new FrameCodec();
const decode = (wire: Uint8Array) => thrownBy(() => codec.decodeBinary(wire));

/** Offsets in a binary frame. */
const AT = { length: 7, schema: 9, security: 10, flags: 11, reserved: 15, variable: 27 };

describe("frame: refused", () => {
  it("refuses every cut of a frame with a FormatError", () => {
    for (const { frameHex } of [vector("hello"), vector("response-tool-calls"), vector("stream-chunk")]) {
      const frame = fromHex(frameHex);
      for (let length = 0; length < frame.length; length++) {
        expect(decode(frame.subarray(0, length)), `${length} bytes`).to.include({
          family: "FormatError",
          code: "M2M_FRAME_TRUNCATED",
        });
      }
    }
  });

  it("knows a cut frame among other wires, too: from the end of its prefix on", () => {
    const engine = new CodecEngine();
    for (let length = 7; length < HELLO.length; length++) {
      const error = thrownBy(() => engine.decompress(HELLO.subarray(0, length)));
      expect(error, `${length} bytes`).to.include({ code: "M2M_FRAME_TRUNCATED", offset: length });
      const peeked = thrownBy(() => peekFrame(HELLO.subarray(0, Math.min(length, 30))));
      expect(peeked, `${length} bytes`).to.include({ code: "M2M_FRAME_TRUNCATED" });
    }
  });

  it("refuses every cut of a text frame with a FormatError", () => {
    const wire = vector("hello").frameText;
    for (let length = 0; length < wire.length; length++) {
      const error = thrownBy(() => codec.decodeText(wire.slice(0, length)));
      expect(error, `${length} characters`).to.include({ family: "FormatError" });
    }
  });

  it("refuses bytes behind the frame", () => {
    const error = decode(Uint8Array.from([...HELLO, 0]));
    expect(error).to.include({ code: "M2M_FRAME_TRAILING_BYTES", offset: HELLO.length });
    const messages = [[0], [0, 0]].map((extra) => decode(Uint8Array.from([...HELLO, ...extra])));
    expect(messages.map(({ message }) => message)).to.deep.equal([
      "1 byte follows the end of the frame.",
      "2 bytes follow the end of the frame.",
    ]);
  });

  it("refuses bytes behind the compressed stream", () => {
    const header = peekFrame(RESPONSE).headerBytes + 7;
    const longer = patched(Uint8Array.from([...RESPONSE, 0]), header, RESPONSE[header] + 1);
    expect(decode(longer)).to.include({ code: "M2M_BROTLI_INVALID" });
  });

  it("refuses another prefix or version", () => {
    expect(decode(patched(HELLO, 0, 0x24))).to.include({ code: "M2M_WIRE_UNKNOWN", offset: 0 });
    expect(decode(patched(HELLO, 5, 0x32))).to.include({ code: "M2M_VERSION_UNSUPPORTED", offset: 5 });
  });

  it("refuses header lengths outside the bounds or off the fields", () => {
    for (const [low, high] of [
      [0, 0],
      [19, 0],
      [0, 0x2b],
      [0xff, 0xff],
    ]) {
      expect(decode(patched(HELLO, AT.length, low, high))).to.include({
        code: "M2M_FRAME_INVALID",
        offset: 7,
      });
    }
    expect(decode(patched(HELLO, AT.length, HELLO[AT.length] - 1))).to.include({ family: "FormatError" });
    expect(decode(patched(HELLO, AT.length, HELLO[AT.length] + 1))).to.include({ family: "FormatError" });
  });

  it("refuses unknown schemas, security modes and extensions as unsupported", () => {
    expect(decode(patched(HELLO, AT.schema, 0x20))).to.include({
      code: "M2M_VERSION_UNSUPPORTED",
      offset: AT.schema,
    });
    expect(decode(patched(HELLO, AT.schema, 0))).to.include({ family: "UnsupportedError" });
    expect(decode(patched(HELLO, AT.security, 3))).to.include({ code: "M2M_VERSION_UNSUPPORTED" });
    expect(decode(patched(HELLO, AT.flags + 3, 2))).to.include({ code: "M2M_VERSION_UNSUPPORTED" });
  });

  it("refuses reserved bits and bytes", () => {
    expect(decode(patched(HELLO, AT.flags + 1, 0x80))).to.include({
      code: "M2M_FRAME_INVALID",
      offset: AT.flags,
    });
    expect(decode(patched(HELLO, AT.flags + 2, 1))).to.include({ code: "M2M_FRAME_INVALID" });
    expect(decode(patched(HELLO, AT.flags + 3, 4))).to.include({ code: "M2M_FRAME_INVALID" });
    expect(decode(patched(RESPONSE, AT.flags + 1, 1))).to.include({ code: "M2M_FRAME_INVALID" });
    for (let i = 0; i < 12; i++) {
      const error = decode(patched(HELLO, AT.reserved + i, 1));
      expect(error).to.include({ code: "M2M_FRAME_INVALID", offset: AT.reserved + i });
    }
  });

  it("reads the embedding schemas of the published page", () => {
    expect(peekFrame(patched(HELLO, AT.schema, 0x11))).to.include({ schema: "embedding-request" });
    expect(peekFrame(patched(RESPONSE, AT.schema, 0x12))).to.include({ schema: "embedding-response" });
  });

  it("refuses malformed fields of the headers", () => {
    // hello: model length at 27, model at 28 to 33, count, roles, hint, cost.
    expect(decode(patched(HELLO, AT.variable, 200))).to.include({ code: "M2M_FRAME_INVALID" });
    expect(decode(patched(HELLO, AT.variable + 1, 0xff))).to.include({ code: "M2M_FRAME_INVALID" });
    expect(decode(patched(HELLO, AT.variable + 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).to.include({
      code: "M2M_FRAME_INVALID",
    });
    expect(decode(patched(HELLO, AT.variable + 8, 0x05))).to.include({ code: "M2M_FRAME_INVALID" });
    const finishReason = RESPONSE.indexOf(2, AT.variable + 10);
    expect(peekFrame(RESPONSE).response!.finishReason).to.equal("tool_calls");
    expect(decode(patched(RESPONSE, finishReason, 4))).to.include({
      code: "M2M_FRAME_INVALID",
      offset: finishReason,
    });
  });

  it("reads a request whose sender announced a max_tokens that it did not write", () => {
    // The published sender's frame of {"model":"gpt-4o","messages":[],"max_tokens":null}: flag set, number absent.
    const frame = patched(fromHex(vector("empty-messages").frameHex), AT.flags, 0x40);
    const expected = { model: "gpt-4o", msgCount: 0, roles: [], contentHint: 0, maxTokens: undefined };
    expect(peekFrame(frame).routing).to.deep.equal({ ...expected, estCostUsd: 0.005 });
    expect(codec.decodeBinary(frame)).to.have.length.greaterThan(0);
    // A cost whose bytes would also pass for a number of four bytes.
    const cost = 7 + peekFrame(frame).headerBytes - 4;
    const ambiguous = patched(frame, cost, 0x8f, 0xc2, 0xf5, 0x3c);
    expect(peekFrame(ambiguous).routing).to.deep.equal({ ...expected, estCostUsd: 0.03 });
  });

  it("reads a request whose sender left out roles, without a guess at what is uncertain", () => {
    // The published sender's header of 600 messages with roles unknown to it: no role bytes at all.
    const header = [1, 0x6d, 0xd8, 0x04, 0x85, 0x07, 0x0a, 0xd7, 0xa3, 0x3b];
    const frame = Uint8Array.from([...HELLO.subarray(0, 27), ...header, ...HELLO.subarray(7 + HELLO[7])]);
    const counted = patched(frame, AT.length, 20 + header.length);
    expect(peekFrame(counted).routing).to.deep.equal({ model: "m", msgCount: 600, estCostUsd: 0.005 });
    expect(toHex(codec.decodeBinary(counted))).to.equal(toHex(utf8(vector("hello").input)));
    const withMaxTokens = Uint8Array.from([...frame.subarray(0, 33), 0x40, ...frame.subarray(33)]);
    const announced = patched(patched(withMaxTokens, AT.length, 21 + header.length), AT.flags, 0x40);
    expect(peekFrame(announced).routing).to.deep.equal({ model: "m", msgCount: 600, estCostUsd: 0.005 });
  });

  it("reads a routing header without a cost", () => {
    const end = 7 + HELLO[7];
    const frame = Uint8Array.from([...HELLO.subarray(0, end - 4), ...HELLO.subarray(end)]);
    const shorter = patched(frame, AT.length, HELLO[7] - 4);
    expect(peekFrame(shorter).routing).to.include({ contentHint: 5, estCostUsd: undefined });
  });

  it("refuses a frame whose schema has no variable header but that brings one", () => {
    expect(decode(patched(HELLO, AT.schema, 0x03))).to.include({
      code: "M2M_FRAME_INVALID",
      offset: AT.variable,
    });
    expect(decode(patched(HELLO, AT.schema, 0xff))).to.include({ code: "M2M_FRAME_INVALID" });
    expect(toHex(codec.decodeBinary(patched(HELLO, AT.schema, 0xfe)))).to.equal(
      toHex(utf8(vector("hello").input)),
    );
  });

  it("refuses a wrong checksum", () => {
    const header = 7 + peekFrame(HELLO).headerBytes;
    for (const at of [header + 4, header + 7, header + 8, HELLO.length - 1]) {
      expect(decode(patched(HELLO, at, HELLO[at] ^ 0x10))).to.include({
        code: "M2M_CHECKSUM_MISMATCH",
        family: "IntegrityError",
      });
    }
  });

  it("allocates nothing for a length that is only announced", () => {
    const header = 7 + peekFrame(HELLO).headerBytes;
    const huge = patched(HELLO, header, 0xff, 0xff, 0xff, 0xff);
    expect(decode(huge)).to.include({ code: "M2M_FRAME_TRUNCATED" });
  });

  it("fails by the taxonomy only, and still works afterwards", () => {
    const keyed = new FrameCodec({ key: KEY, limits: { maxOutputBytes: 1 << 20 } });
    const open = new FrameCodec({ limits: { maxOutputBytes: 1 << 20 } });
    const wires = VECTORS.slice(0, 20).flatMap(({ frameHex, hmacHex, aeadHex }) =>
      [frameHex, hmacHex, aeadHex].map(fromHex),
    );
    const mutated = fc
      .tuple(
        fc.constantFrom(...wires),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat()),
      )
      .map(([wire, changes, cut]) => {
        const copy = Uint8Array.from(wire);
        // Most changes fall into the headers, where there is something to get wrong.
        for (const [at, value] of changes)
          copy[at % 3 === 0 ? at % copy.length : at % Math.min(80, copy.length)] = value;
        return cut === null ? copy : copy.subarray(0, cut % copy.length);
      });
    const prefixed = fc
      .uint8Array({ maxLength: 100 })
      .map((bytes) => Uint8Array.from([...utf8("#M2M|1|"), ...bytes]));
    fc.assert(
      fc.property(fc.oneof(mutated, prefixed, fc.uint8Array()), (wire) => {
        const text = Buffer.from(wire).toString("latin1");
        const attempts = [
          () => keyed.decodeBinary(wire),
          () => open.decodeBinary(wire),
          () => open.decodeText(text),
          () => open.decodeText("#M2M|1|" + Buffer.from(wire.subarray(7)).toString("base64")),
          () => peekFrame(wire),
          () => peekFrame(text),
        ];
        for (const attempt of attempts) {
          try {
            attempt();
          } catch (error) {
            expect(error).to.be.instanceOf(M2MError);
          }
        }
      }),
      { numRuns: Number(process.env.M2M_FUZZ_RUNS ?? 3000) },
    );
    expect(toHex(open.decodeBinary(HELLO))).to.equal(toHex(utf8(vector("hello").input)));
  });
});
