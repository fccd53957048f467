import { expect } from "chai";
import fc from "fast-check";
import { portableCrc32 } from "../../../src/shared/crc32.js";
import {
  FRAME_DESCRIPTOR,
  FrameCodec,
  peekFrame,
  type FrameOptions,
} from "../../../src/codec/frame/index.js";
import { crc32 } from "node:zlib";
import { decodeByPage } from "./page-decoder.js";
import { KEY, patched, thrownBy, toHex, utf8, VECTORS } from "./vectors.js";

const MODES: FrameOptions[] = [
  {},
  { key: KEY, security: "hmac" },
  { key: KEY },
  { schema: "custom" },
  { quality: 11 },
  { quality: 0 },
];

/** Content of the kinds that a sender meets: bytes, text, JSON of any shape, requests with odd fields. */
const anyContent = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 300 }).map(utf8),
  fc.json({ maxDepth: 6 }).map(utf8),
  fc
    .record(
      {
        model: fc.oneof(fc.string({ maxLength: 400 }), fc.jsonValue()),
        messages: fc.oneof(
          fc.array(
            fc.record({
              role: fc.oneof(fc.constantFrom("user", "tool", "u"), fc.jsonValue()),
              content: fc.jsonValue(),
            }),
          ),
          fc.jsonValue(),
        ),
        max_tokens: fc.oneof(fc.integer(), fc.double(), fc.constant(null), fc.jsonValue()),
        id: fc.oneof(fc.constant("chatcmpl-1"), fc.jsonValue()),
        choices: fc.jsonValue(),
        usage: fc.oneof(
          fc.record({ prompt_tokens: fc.jsonValue(), prompt_tokens_details: fc.jsonValue() }),
          fc.jsonValue(),
        ),
        object: fc.constantFrom("chat.completion.chunk", "chat.completion", "list"),
        error: fc.jsonValue(),
        input: fc.jsonValue(),
        data: fc.jsonValue(),
        __proto__: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    .map((value) => utf8(JSON.stringify(value))),
);

describe("FrameCodec", () => {
  it("gives back any content, in text and binary, in every mode", () => {
    fc.assert(
      fc.property(anyContent, fc.constantFrom(...MODES), (content, options) => {
        const codec = new FrameCodec(options);
        const binary = codec.encodeBinary(content);
        expect(toHex(codec.decodeBinary(binary))).to.equal(toHex(content));
        expect(toHex(codec.decodeText(codec.encodeText(content)))).to.equal(toHex(content));
        expect(FRAME_DESCRIPTOR.matchesBinary!(binary)).to.equal(true);
        expect(FRAME_DESCRIPTOR.matchesBinary!(utf8(codec.encodeText(content)))).to.equal(false);
      }),
      { numRuns: 400 },
    );
  });

  it("is read alike by a decoder written from the page", () => {
    fc.assert(
      fc.property(
        anyContent,
        fc.constantFrom(...MODES.filter(({ schema }) => !schema)),
        (content, options) => {
          const codec = new FrameCodec(options);
          for (const wire of [codec.encodeBinary(content), codec.encodeText(content)]) {
            const page = decodeByPage(wire, KEY);
            const ours = peekFrame(wire);
            expect(page.content.toString("hex")).to.equal(toHex(content));
            const seen: Record<string, unknown> = JSON.parse(
              JSON.stringify(ours.routing ?? ours.response ?? {}),
            );
            if (seen.estCostUsd !== undefined) seen.estCostUsd = Math.fround(seen.estCostUsd as number);
            expect(seen).to.deep.equal(page.header);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it("writes the same frame for the same content, except for the nonce", () => {
    const content = utf8(VECTORS[9].input);
    expect(toHex(new FrameCodec().encodeBinary(content))).to.equal(
      toHex(new FrameCodec().encodeBinary(content)),
    );
    const sealing = new FrameCodec({ key: KEY });
    expect(toHex(sealing.encodeBinary(content))).to.not.equal(toHex(sealing.encodeBinary(content)));
  });

  it("compresses from 100 bytes on, and only if that makes the payload smaller", () => {
    const codec = new FrameCodec();
    expect(peekFrame(codec.encodeBinary(utf8("a".repeat(99)))).compressed).to.equal(false);
    expect(peekFrame(codec.encodeBinary(utf8("a".repeat(100)))).compressed).to.equal(true);
    const noise = Uint8Array.from({ length: 200 }, (_, i) => (i * i * 167 + i * 59) % 251);
    const header = peekFrame(codec.encodeBinary(noise));
    expect(header).to.include({ compressed: false, payloadBytes: 200, schema: "unknown" });
  });

  it("carries an empty content", () => {
    for (const options of MODES) {
      const codec = new FrameCodec(options);
      expect(codec.decodeText(codec.encodeText(new Uint8Array(0)))).to.have.length(0);
    }
  });

  it("decodes a frame that is a view into a larger buffer", () => {
    const codec = new FrameCodec({ key: KEY, security: "hmac" });
    const frame = codec.encodeBinary(utf8(VECTORS[0].input));
    const buffer = new Uint8Array(frame.length + 10).fill(0xaa);
    buffer.set(frame, 5);
    const content = codec.decodeBinary(buffer.subarray(5, 5 + frame.length));
    expect(toHex(content)).to.equal(toHex(utf8(VECTORS[0].input)));
    buffer.fill(0);
    expect(toHex(content)).to.equal(toHex(utf8(VECTORS[0].input)));
  });

  it("keeps the limits, before and after compression", () => {
    const limits = { maxInputBytes: 1000, maxOutputBytes: 1000 };
    const small = new FrameCodec({ limits });
    const big = new FrameCodec();
    expect(thrownBy(() => small.encodeBinary(new Uint8Array(1001)))).to.include({
      code: "M2M_INPUT_TOO_LARGE",
    });
    const bomb = big.encodeBinary(new Uint8Array(10_000_000));
    expect(bomb.length).to.be.lessThan(200);
    expect(thrownBy(() => small.decodeBinary(bomb))).to.include({ code: "M2M_OUTPUT_TOO_LARGE" });
    const sealedBomb = new FrameCodec({ key: KEY }).encodeText(new Uint8Array(10_000_000));
    const keyed = new FrameCodec({ key: KEY, limits });
    expect(thrownBy(() => keyed.decodeText(sealedBomb))).to.include({ code: "M2M_OUTPUT_TOO_LARGE" });
    const noise = Uint8Array.from({ length: 1001 }, (_, i) => (i * i * 167 + i * 59) % 251);
    const raw = patched(big.encodeBinary(noise), 0);
    expect(thrownBy(() => small.decodeBinary(raw))).to.include({ code: "M2M_OUTPUT_TOO_LARGE" });
    expect(small.decodeBinary(big.encodeBinary(new Uint8Array(1000)))).to.have.length(1000);
    const wire = "#M2M|1|" + "A".repeat(80_000);
    expect(thrownBy(() => small.decodeText(wire))).to.include({ code: "M2M_INPUT_TOO_LARGE" });
  });

  it("checks its options", () => {
    expect(thrownBy(() => new FrameCodec({ key: new Uint8Array(31) }))).to.include({
      code: "M2M_KEY_INVALID",
    });
    expect(thrownBy(() => new FrameCodec({ security: "aead" }))).to.include({ code: "M2M_KEY_REQUIRED" });
    expect(thrownBy(() => new FrameCodec({ security: "hmac" }))).to.include({ code: "M2M_KEY_REQUIRED" });
    expect(thrownBy(() => new FrameCodec({ quality: 12 }))).to.include({ code: "M2M_USAGE" });
    expect(new FrameCodec({ key: KEY }).security).to.equal("aead");
    expect(new FrameCodec({ key: KEY, security: "none" }).security).to.equal("none");
  });

  it("computes CRC-32 alike on every platform", () => {
    expect(portableCrc32(utf8("123456789"))).to.equal(0xcbf43926);
    fc.assert(fc.property(fc.uint8Array(), (bytes) => portableCrc32(bytes) === crc32(bytes)));
  });
});
