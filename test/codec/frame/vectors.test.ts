import { expect } from "chai";
import { loadWasmBrotliEngine } from "../../../src/codec/brotli/index.js";
import { createNodeFrameCrypto, FrameCodec, peekFrame } from "../../../src/codec/frame/index.js";
import { fromHex, KEY, KEY_VECTORS, toHex, utf8, vector, VECTORS } from "./vectors.js";

/** Vectors whose header ours does not repeat, and why (docs/spec/errata.md). */
const LABELLED_OTHERWISE = ["stream-chunk", "error"];
const FEWER_ROLES_THAN_MESSAGES = ["colliding-root"];

describe("frame: published vectors", () => {
  for (const { name, input, frameHex, frameText, hmacHex, aeadHex, keyHex } of VECTORS) {
    it(`decodes ${name} in every form`, () => {
      const plain = new FrameCodec();
      const keyed = new FrameCodec({ key: fromHex(keyHex) });
      const expected = toHex(utf8(input));
      expect(toHex(plain.decodeBinary(fromHex(frameHex)))).to.equal(expected);
      expect(toHex(plain.decodeText(frameText))).to.equal(expected);
      expect(toHex(keyed.decodeBinary(fromHex(hmacHex)))).to.equal(expected);
      expect(toHex(keyed.decodeBinary(fromHex(aeadHex)))).to.equal(expected);
    });
  }

  it("decodes and writes them with the portable Brotli engine", async () => {
    const codec = new FrameCodec({ brotli: await loadWasmBrotliEngine() });
    for (const { input, frameText } of VECTORS) {
      expect(toHex(codec.decodeText(frameText))).to.equal(toHex(utf8(input)));
      expect(toHex(new FrameCodec().decodeText(codec.encodeText(utf8(input))))).to.equal(toHex(utf8(input)));
    }
  });

  it("has vectors of every kind", () => {
    expect(VECTORS).to.have.length(38);
    expect(KEY_VECTORS.derivations).to.have.length(4);
  });

  for (const { name, input, schema, frameHex, frameText } of VECTORS) {
    if (FEWER_ROLES_THAN_MESSAGES.includes(name)) continue;
    it(`writes the headers of ${name} byte for byte`, () => {
      const codec = new FrameCodec(LABELLED_OTHERWISE.includes(name) ? { schema } : {});
      const ours = toHex(codec.encodeBinary(utf8(input)));
      const { headerBytes, compressed } = peekFrame(fromHex(frameHex));
      const headersAndPrefix = 2 * (7 + headerBytes);
      expect(ours.slice(0, headersAndPrefix)).to.equal(frameHex.slice(0, headersAndPrefix));
      const crc = headersAndPrefix + 8;
      expect(ours.slice(crc, crc + 8)).to.equal(frameHex.slice(crc, crc + 8));
      if (compressed) return;
      expect(ours).to.equal(frameHex);
      expect(codec.encodeText(utf8(input))).to.equal(frameText);
    });
  }

  it("writes the HMAC frames of uncompressed content byte for byte", () => {
    const codec = new FrameCodec({ key: KEY, security: "hmac" });
    const uncompressed = VECTORS.filter(({ frameHex }) => !peekFrame(fromHex(frameHex)).compressed);
    expect(uncompressed).to.have.length.greaterThan(5);
    for (const { input, hmacHex } of uncompressed)
      expect(toHex(codec.encodeBinary(utf8(input)))).to.equal(hmacHex);
  });

  it("writes the AEAD frames of uncompressed content byte for byte, given their nonce", () => {
    for (const { frameHex, input, aeadHex } of VECTORS) {
      const { compressed, headerBytes } = peekFrame(fromHex(frameHex));
      if (compressed) continue;
      const nonce = fromHex(aeadHex).slice(7 + headerBytes, 7 + headerBytes + 12);
      const codec = new FrameCodec({ key: KEY, crypto: { ...createNodeFrameCrypto(), nonce: () => nonce } });
      expect(toHex(codec.encodeBinary(utf8(input)))).to.equal(aeadHex);
    }
  });

  it("labels chunks and errors, which the published sender calls requests", () => {
    for (const [name, schema] of [
      ["stream-chunk", "stream"],
      ["error", "error"],
    ]) {
      const { input, frameHex } = vector(name);
      expect(peekFrame(fromHex(frameHex)).schema).to.equal("request");
      expect(peekFrame(new FrameCodec().encodeBinary(utf8(input))).schema).to.equal(schema);
    }
  });

  it("gives every message a role, where the published sender leaves out unknown ones", () => {
    const { input, frameHex } = vector("colliding-root");
    const theirs = peekFrame(fromHex(frameHex));
    expect(theirs.routing).to.deep.equal({ model: "gpt-4o", msgCount: 1, estCostUsd: 0.00501 });
    const ours = peekFrame(new FrameCodec().encodeBinary(utf8(input)));
    expect(ours.headerBytes).to.equal(theirs.headerBytes + 1);
    expect(ours.routing).to.deep.include({ model: "gpt-4o", msgCount: 1, roles: ["user"], contentHint: 19 });
  });

  for (const { name, frameHex, frameText, hmacHex, aeadHex, routing, response } of VECTORS) {
    if (FEWER_ROLES_THAN_MESSAGES.includes(name)) continue;
    it(`peeks the headers of ${name} without key or payload`, () => {
      const expected = routing ?? response!;
      for (const wire of [fromHex(frameHex), frameText, fromHex(hmacHex), fromHex(aeadHex)]) {
        const header = peekFrame(wire);
        const seen = JSON.parse(JSON.stringify(header.routing ?? header.response)) as Record<string, unknown>;
        const { estCostUsd, ...fields } = seen;
        const { estCostUsd: expectedCost, ...expectedFields } = expected;
        expect(fields).to.deep.equal(expectedFields);
        if (expectedCost === undefined) expect(estCostUsd).to.equal(undefined);
        // Both are decimals of one binary32 number, but not always of the same digits.
        else expect(Math.fround(estCostUsd as number)).to.equal(Math.fround(expectedCost as number));
      }
      const headersOnly = fromHex(frameHex).subarray(0, 7 + peekFrame(frameText).headerBytes);
      expect(peekFrame(headersOnly).headerBytes).to.equal(headersOnly.length - 7);
    });
  }
});
