import { LEVEL_NAMES } from "../../../src/shared/algorithms.js";
import { expect } from "chai";
import fc from "fast-check";
import {
  CONTEXT_DESCRIPTOR,
  CONTEXT_PREFIX,
  ContextCodec,
  PriorCache,
  readPackagedPrior,
} from "../../../src/codec/context/index.js";
import { openPrior } from "../../../src/codec/context/prior/prior-file.js";
import { ScriptCoder } from "../../../src/codec/context/script-coder.js";
import { findReservedOpening } from "../../../src/codec/index.js";
import { M2MError } from "../../../src/shared/errors.js";
import { catchM2MError } from "../../helpers/catch-error.js";
import { readVectors } from "../../helpers/vectors.js";
import { sampleMessages } from "./coders.js";

const SMALL = Buffer.from(
  '{"model":"gpt-4o","messages":[{"role":"user","content":"What is the capital of France?"}]}',
);

describe("codec/context: ContextCodec", function () {
  this.timeout(60_000);
  const codec = new ContextCodec();

  it("gives back every content, at most 8 bytes over it, at every level", () => {
    for (const level of LEVEL_NAMES) {
      const leveled = new ContextCodec({ level });
      for (const message of sampleMessages()) {
        const wire = leveled.encodeBinary(message);
        expect(wire.length).to.be.at.most(message.length + 8);
        expect(Buffer.compare(codec.decodeBinary(wire), message)).to.equal(0);
        expect(Buffer.compare(codec.decodeText(leveled.encodeText(message)), message)).to.equal(0);
      }
    }
  });

  it("gives back any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.constantFrom(...LEVEL_NAMES), (content, level) => {
        const wire = new ContextCodec({ level }).encodeBinary(content);
        expect(wire.length).to.be.at.most(content.length + 8);
        expect(Buffer.compare(codec.decodeBinary(wire), content)).to.equal(0);
      }),
      { numRuns: 60 },
    );
  });

  it("gives back what repeats itself for tens of thousands of bytes", () => {
    const unit = fc.oneof(
      fc.constantFrom("a", " ", "ab", "-", "█"),
      fc.string({ minLength: 1, maxLength: 39 }),
    );
    const content = fc
      .tuple(fc.constantFrom("", '{"a":"'), unit, fc.integer({ min: 1, max: 60_000 }))
      .map(([head, repeated, length]) => Buffer.concat([Buffer.from(head), Buffer.alloc(length, repeated)]));
    fc.assert(
      fc.property(content, (bytes) => {
        expect(Buffer.compare(codec.decodeBinary(codec.encodeBinary(bytes)), bytes)).to.equal(0);
      }),
      { numRuns: 100 },
    );
  });

  it("gives large content to Brotli, and the largest back", () => {
    const large = Buffer.alloc(16 * 1024 * 1024, SMALL);
    const wire = codec.encodeBinary(large);
    expect(wire[0]).to.equal(0xb2);
    expect(Buffer.compare(codec.decodeBinary(wire), large)).to.equal(0);
    const part = large.subarray(0, 200_000);
    const raised = new ContextCodec({ maxModelBytes: 200_000 }).encodeBinary(part);
    expect(raised[0]).to.equal(0xb1);
    expect(Buffer.compare(codec.decodeBinary(raised), part)).to.equal(0);
  });

  it("opens as no text and no other wire does", () => {
    for (const message of sampleMessages()) {
      const wire = codec.encodeBinary(message);
      expect(CONTEXT_DESCRIPTOR.matchesBinary!(wire)).to.equal(true);
      // A continuation byte begins no UTF-8 text.
      expect(wire[0] & 0xc0).to.equal(0x80);
      expect(findReservedOpening(wire)).not.to.equal(undefined);
    }
    expect(findReservedOpening(CONTEXT_PREFIX)).to.equal("#M2M[");
  });

  it("packs and unpacks text wires", () => {
    const text = codec.encodeText(SMALL);
    const packed = CONTEXT_DESCRIPTOR.packWire!(text);
    expect(Buffer.compare(packed, codec.encodeBinary(SMALL))).to.equal(0);
    expect(CONTEXT_DESCRIPTOR.unpackWire!(packed)).to.equal(text);
  });

  it("decodes the vectors and writes them", () => {
    for (const { name, input, wire, level, error } of readVectors<{
      name: string;
      input?: string;
      wire: string;
      level?: "fast" | "default" | "max";
      error?: string;
    }>("context/messages.json")) {
      const bytes = Buffer.from(wire, "hex");
      if (error !== undefined) {
        expect(catchM2MError(() => codec.decodeBinary(bytes)).code, name).to.equal(error);
        continue;
      }
      const content = Buffer.from(input!, "base64");
      expect(Buffer.compare(codec.decodeBinary(bytes), content), name).to.equal(0);
      // Brotli and deflate may be written differently by other versions of their libraries.
      if (level === "default" && (bytes[0] === 0xb1 || bytes[0] === 0xb0)) {
        expect(Buffer.from(codec.encodeBinary(content)).toString("hex"), name).to.equal(wire);
      }
    }
  });

  it("tells what is wrong with a wire", () => {
    const wire = codec.encodeBinary(SMALL);
    const codeOf = (bytes: Uint8Array): string => catchM2MError(() => codec.decodeBinary(bytes)).code;
    expect(codeOf(new Uint8Array(0))).to.equal("M2M_CONTEXT_TRUNCATED");
    for (let size = 1; size < 6; size++)
      expect(codeOf(wire.subarray(0, size))).to.equal("M2M_CONTEXT_TRUNCATED");
    expect(codeOf(Uint8Array.of(0x7b, 1, 2, 3, 4, 5))).to.equal("M2M_WIRE_UNKNOWN");
    for (const opening of [0xb4, 0xb7, 0xb8, 0xbf]) {
      expect(codeOf(Uint8Array.of(opening, ...wire.subarray(1)))).to.equal("M2M_VERSION_UNSUPPORTED");
    }
    const other = wire.slice();
    other[1] ^= 1;
    const missing = catchM2MError(() => codec.decodeBinary(other));
    expect(missing.code).to.equal("M2M_PRIOR_MISSING");
    expect(missing.message).to.contain(other[1].toString(16).padStart(2, "0"));
    const changed = wire.slice();
    changed[3] ^= 1;
    expect(codeOf(changed)).to.equal("M2M_CHECKSUM_MISMATCH");
    const fast = new ContextCodec({ level: "fast" }).encodeBinary(SMALL);
    expect(codeOf(Buffer.concat([fast, Buffer.alloc(1)]))).to.equal("M2M_CONTEXT_INVALID");
    // An arithmetic code goes on into what follows it: it may end elsewhere, give other content, or, for up to 4 bytes, the same.
    for (let more = 1; more < 20; more++) {
      const longer = Buffer.concat([wire, Buffer.alloc(more, 1)]);
      let back: Uint8Array | undefined;
      try {
        back = codec.decodeBinary(longer);
      } catch (error) {
        expect(error).to.be.instanceOf(M2MError);
      }
      if (back === undefined) continue;
      expect(more).to.be.at.most(4);
      expect(Buffer.compare(back, SMALL)).to.equal(0);
    }
    expect(catchM2MError(() => codec.decodeText("#M2M|1|")).code).to.equal("M2M_WIRE_UNKNOWN");
    expect(catchM2MError(() => codec.decodeText(`${CONTEXT_PREFIX}!`)).code).to.equal("M2M_BASE64_INVALID");
    expect(catchM2MError(() => new ContextCodec({ level: "best" as "max" })).code).to.equal("M2M_USAGE");
  });

  it("refuses every wire that is cut or has one bit changed", () => {
    for (const level of LEVEL_NAMES) {
      const wire = new ContextCodec({ level }).encodeBinary(SMALL);
      for (let size = 0; size < wire.length; size++) {
        expect(catchM2MError(() => codec.decodeBinary(wire.subarray(0, size)))).to.be.instanceOf(M2MError);
      }
      for (let bit = 0; bit < wire.length * 8; bit++) {
        const changed = wire.slice();
        changed[bit >> 3] ^= 1 << (bit & 7);
        let back: Uint8Array | undefined;
        try {
          back = codec.decodeBinary(changed);
        } catch (error) {
          expect(error).to.be.instanceOf(M2MError);
        }
        // The last bits of an arithmetic code may not matter.
        if (back !== undefined) expect(Buffer.compare(back, SMALL)).to.equal(0);
      }
    }
    expect(Buffer.compare(codec.decodeBinary(codec.encodeBinary(SMALL)), SMALL)).to.equal(0);
  });

  it("takes a limit that no buffer can reach for none", () => {
    const reader = new ContextCodec({ limits: { maxOutputBytes: 2 ** 40 } });
    for (const level of ["fast", "default", "max"] as const) {
      const back = reader.decodeBinary(new ContextCodec({ level }).encodeBinary(SMALL));
      expect(Buffer.compare(back, SMALL), level).to.equal(0);
    }
  });

  it("keeps its limits in every mode", () => {
    const small = new ContextCodec({ limits: { maxOutputBytes: 50, maxInputBytes: 100 } });
    for (const wire of [
      codec.encodeBinary(SMALL),
      new ContextCodec({ level: "fast" }).encodeBinary(SMALL),
      new ContextCodec({ maxModelBytes: 0 }).encodeBinary(SMALL),
      codec.encodeBinary(Buffer.from(Array.from({ length: 90 }, (_, i) => (i * 211) & 255))),
    ]) {
      expect(catchM2MError(() => small.decodeBinary(wire)).code).to.equal("M2M_OUTPUT_TOO_LARGE");
    }
    expect(catchM2MError(() => small.encodeBinary(Buffer.alloc(101))).code).to.equal("M2M_INPUT_TOO_LARGE");
  });

  it("reads with any prior that it has, and writes with the first", () => {
    const other = new Uint8Array(readPackagedPrior());
    // Another text: another hash.
    const at = Buffer.from(other).indexOf('"role"');
    other[at + 1] = 0x52;
    const header = new DataView(other.buffer, other.byteOffset);
    const damaged = catchM2MError(() => openPrior(other));
    expect(damaged.code).to.equal("M2M_PRIOR_INVALID");
    header.setUint32(12, hashOf(other), true);
    const both = new PriorCache([() => other, readPackagedPrior]);
    const codecOfBoth = new ContextCodec({ priors: both });
    expect(both.names.length).to.equal(2);
    const wire = codecOfBoth.encodeBinary(SMALL);
    expect(Buffer.compare(codecOfBoth.decodeBinary(wire), SMALL)).to.equal(0);
    expect(Buffer.compare(codecOfBoth.decodeBinary(codec.encodeBinary(SMALL)), SMALL)).to.equal(0);
    expect(catchM2MError(() => codec.decodeBinary(wire)).code).to.equal("M2M_PRIOR_MISSING");
  });

  it("needs no WebAssembly", () => {
    const script = new ContextCodec({
      priors: new PriorCache([readPackagedPrior], (prior) => new ScriptCoder(prior)),
    });
    expect(Buffer.compare(script.encodeBinary(SMALL), codec.encodeBinary(SMALL))).to.equal(0);
  });
});

/** The prior file's hash, written from docs/spec/context.md. */
function hashOf(file: Uint8Array): number {
  const bytes = file.subarray(16);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
  let hash = bytes.length;
  for (let at = 0; at < bytes.length; at += 4) {
    hash ^= Math.imul(rotate(Math.imul(view.getUint32(at, true), 0xcc9e2d51), 15), 0x1b873593);
    hash = Math.imul(rotate(hash, 13), 5) + 0xe6546b64;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
