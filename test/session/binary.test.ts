import { expect } from "chai";
import fc from "fast-check";
import { ALGORITHMS, CodecEngine, packWire, unpackWire } from "../../src/codec/index.js";
import {
  fitsBinary,
  readBinaryData,
  writeBinaryData,
  type DataMessage,
  type Delivery,
} from "../../src/session/index.js";
import { FormatError, UnsupportedError } from "../../src/shared/errors.js";
import { catchM2MError } from "../helpers/catch-error.js";

const engine = new CodecEngine();
const NAMES = ALGORITHMS.map(({ name }) => name);
const ID = "32df055f-d13d-4f5e-b7f4-c7d8d45652c1";
const JSON_TEXT = JSON.stringify({
  model: "gpt-4o",
  messages: [{ role: "user", content: "Hellö ".repeat(30) }],
});

/** `undefined` members are absent ones. */
const without = <Value extends object>(value: Value): Value =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Value;

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const messages: fc.Arbitrary<DataMessage> = fc
  .record({
    algorithm: fc.constantFrom(...NAMES),
    json: fc.json(),
    timestampMs: fc.nat({ max: 2 ** 48 - 1 }),
    originalBytes: optional(fc.nat({ max: 2 ** 32 - 1 })),
    security: optional(
      fc.record({
        scanned: fc.boolean(),
        safe: fc.boolean(),
        threatType: optional(fc.string({ unit: "grapheme", maxLength: 40 })),
        confidence: optional(fc.double({ min: 0, max: 1, noNaN: true })),
      }),
    ),
    delivery: optional(
      fc.record({
        sequence: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        ack: optional(fc.nat({ max: 2 ** 32 - 1 })),
        cursor: optional(fc.constantFrom("0", "17", "1795228213131-0")),
      }),
    ),
  })
  .map(({ algorithm, json, originalBytes, security, delivery, timestampMs }) =>
    without({
      type: "DATA" as const,
      sessionId: ID,
      algorithm,
      content: engine.compress(json, { algorithm }).data as string,
      timestampMs,
      originalBytes,
      security: security && without(security),
      delivery: delivery && without<Delivery>(delivery),
    }),
  );

describe("packed wires", () => {
  for (const name of NAMES) {
    it(`carry a ${name} wire without base64, and give it back`, () => {
      const wire = engine.compress(JSON_TEXT, { algorithm: name }).data as string;
      const packed = packWire(name, wire);
      expect(unpackWire(name, packed)).to.equal(wire);
      if (wire.startsWith("#") && name !== "token") expect(packed.length).to.be.below(wire.length * 0.8);
      expect(packed.length).to.be.at.most(Buffer.byteLength(wire));
    });
  }

  it("are the binary wires where a format has them", () => {
    for (const { name, binary } of ALGORITHMS) {
      if (!binary) continue;
      const text = engine.compress(JSON_TEXT, { algorithm: name }).data as string;
      const raw = engine.compress(JSON_TEXT, { algorithm: name, binary: true }).data as Uint8Array;
      expect(Buffer.from(packWire(name, text)).equals(raw), name).to.equal(true);
    }
  });

  it("refuse what is no wire of their format", () => {
    for (const [name, wire] of [
      ["brotli", "#TK|C|AAAA"],
      ["brotli", "#M2M[v3.0]|DATA:A"],
      ["token-native", "#TK|X|AAAA"],
      ["m2m", "#M2M|2|AAAA"],
      ["none", "\ud800"],
    ] as const) {
      catchM2MError(() => packWire(name, wire));
    }
    for (const [name, packed] of [
      ["token-native", [9, 1]],
      ["token-native", []],
      ["m2m", [1, 2, 3]],
      ["none", [0xff]],
      ["token", [0xc0, 0x80]],
    ] as const) {
      catchM2MError(() => unpackWire(name, Uint8Array.from(packed)));
    }
  });
});

describe("binary frames", () => {
  it("bring every DATA message back", () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(fitsBinary(message)).to.equal(true);
        expect(readBinaryData(writeBinaryData(message), ID)).to.deep.equal(message);
      }),
    );
  });

  it("are as the specification's example", () => {
    const message: DataMessage = {
      type: "DATA",
      sessionId: ID,
      algorithm: "token-native",
      content: "#TK|C|sk0=",
      timestampMs: 1795228213131,
      delivery: { sequence: 300 },
    };
    const frame = Buffer.from(writeBinaryData(message));
    expect(frame.toString("hex")).to.equal("01010201a1fbf09f8bac0200b24d");
  });

  it("have no place for a refusal or a window", () => {
    const message: DataMessage = {
      type: "DATA",
      sessionId: ID,
      algorithm: "none",
      content: "x",
      timestampMs: 1,
    };
    expect(fitsBinary(message)).to.equal(true);
    for (const delivery of [{ window: 1 }, { rejection: { code: "UNKNOWN", message: "" } }] as const) {
      expect(fitsBinary({ ...message, delivery })).to.equal(false);
    }
  });

  it("are refused when they are malformed", () => {
    const code = (hex: string): string =>
      catchM2MError(() => readBinaryData(Buffer.from(hex, "hex"), ID)).code;
    for (const [hex, expected] of [
      ["", "M2M_MESSAGE_INVALID"],
      ["0100000000000000", "M2M_MESSAGE_INVALID"],
      ["020000000000000000", "M2M_MESSAGE_TYPE_UNSUPPORTED"],
      ["7b2274797065223a22", "M2M_MESSAGE_TYPE_UNSUPPORTED"],
      ["010006000000000000", "M2M_ALGORITHM_UNSUPPORTED"],
      ["012000000000000000", "M2M_MESSAGE_INVALID"],
      ["018000000000000000", "M2M_MESSAGE_INVALID"],
      // No sequence, one of 0, one that is overlong.
      ["010100000000000000", "M2M_MESSAGE_INVALID"],
      ["01010000000000000000", "M2M_MESSAGE_INVALID"],
      ["0101000000000000008000", "M2M_MESSAGE_INVALID"],
      // A cursor that is cut, and none.
      ["0104000000000000000531", "M2M_MESSAGE_INVALID"],
      ["010400000000000000ffffffff0f31", "M2M_MESSAGE_INVALID"],
      ["01040000000000000001ff", "M2M_UTF8_INVALID"],
      ["0104000000000000000178", "M2M_MESSAGE_INVALID"],
      ["01040000000000000000", "M2M_MESSAGE_INVALID"],
      // A status with a reserved bit, a confidence that is cut, of 2 and not a number.
      ["01100000000000000010", "M2M_MESSAGE_INVALID"],
      ["0110000000000000000400", "M2M_MESSAGE_INVALID"],
      ["011000000000000000044000000000000000", "M2M_MESSAGE_INVALID"],
      ["011000000000000000047ff8000000000000", "M2M_MESSAGE_INVALID"],
      [`0110000000000000000881${"01"}${"61".repeat(129)}`, "M2M_MESSAGE_INVALID"],
      // Wires that are none.
      ["0100000000000000" + "00ff", "M2M_UTF8_INVALID"],
      ["01000200000000000009", "M2M_TK_HEADER_INVALID"],
    ] as const) {
      expect(code(hex), hex).to.equal(expected);
    }
  });

  it("throw only from the taxonomy", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, opened) => {
        if (opened && bytes.length > 2) bytes.set([1, bytes[1] & 31, bytes[2] % 5]);
        try {
          readBinaryData(bytes, ID);
        } catch (error) {
          if (!(error instanceof FormatError || error instanceof UnsupportedError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
