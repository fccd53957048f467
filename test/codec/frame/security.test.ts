import { expect } from "chai";
import { createNodeFrameCrypto, FrameCodec, peekFrame } from "../../../src/codec/frame/index.js";
import { fromHex, KEY, patched, thrownBy, toHex, utf8, vector } from "./vectors.js";

const CONTENT = utf8('{"model":"gpt-4o","messages":[]}');
const OTHER_KEY = KEY.map((byte) => byte ^ 1);
const SECURITY_AT = 10;

for (const security of ["hmac", "aead"] as const) {
  describe(`frame security: ${security}`, () => {
    const codec = new FrameCodec({ key: KEY, security });
    const frame = codec.encodeBinary(CONTENT);

    it("opens with the key only", () => {
      expect(toHex(codec.decodeBinary(frame))).to.equal(toHex(CONTENT));
      expect(peekFrame(frame)).to.include({ security });
      const other = new FrameCodec({ key: OTHER_KEY });
      expect(thrownBy(() => other.decodeBinary(frame))).to.include({
        code: "M2M_AUTHENTICATION_FAILED",
        family: "IntegrityError",
      });
      expect(thrownBy(() => new FrameCodec().decodeBinary(frame))).to.include({ code: "M2M_KEY_REQUIRED" });
    });

    it("opens whatever its own security is for writing", () => {
      const other = new FrameCodec({ key: KEY, security: security === "hmac" ? "aead" : "hmac" });
      expect(toHex(other.decodeBinary(frame))).to.equal(toHex(CONTENT));
    });

    it("refuses every flipped bit, with the key and without", () => {
      const open = new FrameCodec();
      for (let bit = 0; bit < frame.length * 8; bit++) {
        const flipped = patched(frame, bit >> 3, frame[bit >> 3] ^ (1 << (bit & 7)));
        const error = thrownBy(() => codec.decodeBinary(flipped));
        expect(error, `bit ${bit}`).to.have.property("family");
        if (bit >= (7 + peekFrame(frame).headerBytes + 8) * 8) {
          expect(error, `bit ${bit}`).to.include({ code: "M2M_AUTHENTICATION_FAILED" });
        }
        expect(
          thrownBy(() => open.decodeBinary(flipped)),
          `bit ${bit}`,
        ).to.have.property("family");
      }
    });

    it("refuses every cut and every byte added", () => {
      for (let length = 0; length < frame.length; length++) {
        expect(
          thrownBy(() => codec.decodeBinary(frame.subarray(0, length))),
          `${length}`,
        ).to.have.property("family");
      }
      for (const added of [0, 1, 255]) {
        expect(thrownBy(() => codec.decodeBinary(Uint8Array.from([...frame, added])))).to.have.property(
          "family",
        );
      }
    });

    it("refuses a frame that was stripped of its security", () => {
      const stripped = patched(frame, SECURITY_AT, 0);
      expect(thrownBy(() => codec.decodeBinary(stripped))).to.include({ code: "M2M_AUTHENTICATION_FAILED" });
      const plain = new FrameCodec().encodeBinary(CONTENT);
      expect(thrownBy(() => codec.decodeBinary(plain))).to.include({ code: "M2M_AUTHENTICATION_FAILED" });
      const lenient = new FrameCodec({ key: KEY, security, allowUnsecured: true });
      expect(toHex(lenient.decodeBinary(plain))).to.equal(toHex(CONTENT));
    });

    it("secures the headers too", () => {
      const model = frame.indexOf("g".charCodeAt(0), 27);
      const changed = patched(frame, model, "h".charCodeAt(0));
      expect(peekFrame(changed).routing!.model).to.equal("hpt-4o");
      expect(thrownBy(() => codec.decodeBinary(changed))).to.include({ code: "M2M_AUTHENTICATION_FAILED" });
    });

    it("does not pass for the other mode", () => {
      const swapped = patched(frame, SECURITY_AT, security === "hmac" ? 2 : 1);
      expect(thrownBy(() => codec.decodeBinary(swapped))).to.have.property("family");
    });

    it("copies its key and shows it nowhere", () => {
      const key = Uint8Array.from(KEY);
      const copying = new FrameCodec({ key, security });
      key.fill(0);
      expect(toHex(copying.decodeBinary(frame))).to.equal(toHex(CONTENT));
      expect(JSON.stringify(copying)).to.not.include("key");
    });
  });
}

describe("frame security", () => {
  it("seals with a nonce of 12 bytes behind the headers, new for each frame", () => {
    const codec = new FrameCodec({ key: KEY });
    const nonces = new Set<string>();
    for (let i = 0; i < 100; i++) {
      const frame = codec.encodeBinary(CONTENT);
      const at = 7 + peekFrame(frame).headerBytes;
      nonces.add(toHex(frame.subarray(at, at + 12)));
    }
    expect(nonces.size).to.equal(100);
  });

  it("hides the payload of an aead frame and its length from peeking", () => {
    const frame = new FrameCodec({ key: KEY }).encodeBinary(CONTENT);
    expect(Buffer.from(frame).includes("messages")).to.equal(false);
    expect(peekFrame(frame).payloadBytes).to.equal(undefined);
    expect(
      peekFrame(new FrameCodec({ key: KEY, security: "hmac" }).encodeBinary(CONTENT)).payloadBytes,
    ).to.equal(32);
  });

  it("gives no part of a plaintext whose tag is wrong", () => {
    const primitives = createNodeFrameCrypto();
    const nonce = new Uint8Array(12);
    const sealed = primitives.seal(KEY, nonce, CONTENT, utf8("headers"));
    expect(toHex(primitives.open(KEY, nonce, sealed, utf8("headers")))).to.equal(toHex(CONTENT));
    expect(thrownBy(() => primitives.open(KEY, nonce, sealed, utf8("header")))).to.include({
      code: "M2M_AUTHENTICATION_FAILED",
    });
  });

  it("compares tags of different lengths", () => {
    const primitives = createNodeFrameCrypto();
    expect(primitives.equal(KEY, KEY.slice(0, 31))).to.equal(false);
    expect(primitives.equal(KEY, Uint8Array.from(KEY))).to.equal(true);
    expect(primitives.equal(KEY, OTHER_KEY)).to.equal(false);
  });

  it("decodes a good frame after a bad one", () => {
    const codec = new FrameCodec({ key: KEY });
    const { aeadHex, input } = vector("tool-turn");
    expect(thrownBy(() => codec.decodeBinary(patched(fromHex(aeadHex), 100, 0, 0)))).to.have.property("code");
    expect(toHex(codec.decodeBinary(fromHex(aeadHex)))).to.equal(toHex(utf8(input)));
  });
});
