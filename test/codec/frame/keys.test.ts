import { expect } from "chai";
import { CodecEngine } from "../../../src/codec/index.js";
import { deriveKey, FrameCodec, parseKey, type KeyInfo } from "../../../src/codec/frame/index.js";
import { SecurityScanner } from "../../../src/security/index.js";
import { KEY, KEY_VECTORS, thrownBy, toHex } from "./vectors.js";

const INFO: Record<string, KeyInfo> = {
  "m2m/v1/test-org": { organization: "test-org" },
  "m2m/v1/test-org/agent-001": { organization: "test-org", agent: "agent-001" },
  "m2m/v1/test-org/shared": { organization: "test-org", shared: true },
  "m2m/v1/test-org/agent-001/encryption": {
    organization: "test-org",
    agent: "agent-001",
    purpose: "encryption",
  },
};

describe("frame keys", () => {
  for (const { info, okm_hex } of KEY_VECTORS.derivations) {
    it(`derives ${info} as published`, () => {
      expect(toHex(deriveKey(KEY, INFO[info]))).to.equal(okm_hex);
    });
  }

  it("refuses names that could be taken for another path", () => {
    const bad: KeyInfo[] = [
      { organization: "" },
      { organization: "a/b" },
      { organization: "a b" },
      { organization: "é" },
      { organization: "x".repeat(129) },
      { organization: "a\n" },
      { organization: "o", agent: "a/encryption" },
      { organization: "o", agent: "" },
      { organization: "o", agent: "shared" },
      { organization: "o", agent: "a", purpose: "../x" },
      { organization: "o", purpose: "encryption" },
      { organization: "o", agent: "a", shared: true },
      { organization: "o", purpose: "p", shared: true },
    ];
    for (const info of bad) {
      expect(
        thrownBy(() => deriveKey(KEY, info)),
        JSON.stringify(info),
      ).to.include({ code: "M2M_KEY_INVALID" });
    }
    expect(deriveKey(KEY, { organization: "x".repeat(128), agent: "A_b-9" })).to.have.length(32);
  });

  it("refuses a short master key", () => {
    expect(thrownBy(() => deriveKey(KEY.slice(1), { organization: "o" }))).to.include({
      code: "M2M_KEY_INVALID",
    });
  });

  it("reads keys as hexadecimal digits and as base64", () => {
    const hex = toHex(KEY);
    const base64 = Buffer.from(KEY).toString("base64");
    for (const text of [hex, hex.toUpperCase(), ` ${hex}\n`, base64, `${base64}\r\n`]) {
      expect(toHex(parseKey(text))).to.equal(hex);
    }
  });

  it("takes bytes for a key, and nothing else, before there is a message", () => {
    const text = "k".repeat(32);
    const none = [null, "", 0, false, {}, text, { length: 32 }, Array(32).fill(1), new Uint16Array(32)];
    const short = [new Uint8Array(0), new Uint8Array(3), KEY.slice(1), Buffer.alloc(33)];
    const doors: [string, (key: Uint8Array) => unknown][] = [
      ["FrameCodec", (key) => new FrameCodec({ key })],
      ["CodecEngine", (key) => new CodecEngine({ key })],
      ["compress", (key) => new CodecEngine().compress("x", { key })],
      ["decompress", (key) => new CodecEngine().decompress("x", { key, allowUnsecured: true })],
      ["SecurityScanner", (key) => new SecurityScanner({ key })],
    ];
    for (const [name, open] of doors) {
      for (const key of [...none, ...short] as Uint8Array[]) {
        const error = thrownBy(() => open(key));
        expect(error, name).to.include({ code: "M2M_KEY_INVALID", family: "InputError" });
        expect(error.message).to.not.include(text);
      }
      for (const key of [undefined as unknown as Uint8Array, KEY, Buffer.from(KEY)]) open(key);
    }
    for (const master of [null, text, { length: 32 }, new Uint16Array(32)] as unknown as Uint8Array[]) {
      expect(thrownBy(() => deriveKey(master, { organization: "o" }))).to.include({
        code: "M2M_KEY_INVALID",
      });
    }
    expect(thrownBy(() => parseKey(5 as unknown as string))).to.include({ code: "M2M_KEY_INVALID" });
  });

  it("refuses other keys without repeating them", () => {
    const hex = toHex(KEY);
    const base64 = Buffer.from(KEY).toString("base64");
    const bad = [
      "",
      hex.slice(1),
      `${hex}0`,
      `${hex.slice(1)}g`,
      base64.slice(0, -1),
      `${base64}A`,
      `-${base64.slice(1)}`,
    ];
    for (const text of [...bad, Buffer.alloc(31).toString("base64"), Buffer.alloc(33).toString("base64")]) {
      const error = thrownBy(() => parseKey(text));
      expect(error).to.include({ code: "M2M_KEY_INVALID", family: "InputError" });
      if (text !== "") expect(error.message).to.not.include(text);
    }
  });
});
