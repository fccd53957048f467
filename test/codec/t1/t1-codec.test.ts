import { readFileSync } from "node:fs";
import { expect } from "chai";
import { decodeT1, encodeT1, T1_DESCRIPTOR, TokenCodec } from "../../../src/codec/t1/index.js";
import { FormatError, LimitError, M2MError } from "../../../src/shared/errors.js";
import { minifyJsonText } from "../../../src/shared/json-text.js";
import { decodeUtf8, encodeUtf8 } from "../../../src/shared/utf8.js";

interface Case {
  name: string;
  input: string;
  expected?: string;
  error?: { code: string; offset?: number };
  reference?: string;
  ambiguous?: string;
}

function readCases(file: string): Case[] {
  const url = new URL(`../../vectors/t1/${file}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { cases: Case[] }).cases;
}

function expectError(run: () => unknown, wanted: { code: string; offset?: number }): void {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).to.be.instanceOf(M2MError).and.include(wanted);
}

describe("codec/t1", () => {
  const codec = new TokenCodec();

  describe("encode vectors", () => {
    for (const { name, input, expected, error } of readCases("encode")) {
      it(name, () => {
        if (error) return expectError(() => encodeT1(input), error);
        expect(encodeT1(input)).to.equal(expected);
        expect(decodeT1(encodeT1(input))).to.equal(minifyJsonText(input));
        expect(codec.encodeText(encodeUtf8(input))).to.equal(expected);
      });
    }
  });

  describe("decode vectors", () => {
    for (const { name, input, expected, error } of readCases("decode")) {
      it(name, () => {
        if (error) return expectError(() => decodeT1(input), error);
        expect(decodeT1(input)).to.equal(expected);
        expect(decodeUtf8(codec.decodeText(input))).to.equal(expected);
      });
    }
  });

  describe("wires of the published codec", () => {
    // What that implementation adds when it decodes, as it drops it when it encodes.
    const added = ["temperature", "top_p", "n", "stream", "frequency_penalty", "presence_penalty"];
    for (const { name, input, reference = "", ambiguous } of readCases("dialect")) {
      it(`${name}${ambiguous ? ` (${ambiguous})` : ""}`, () => {
        const ours = JSON.parse(decodeT1(input)) as Record<string, unknown>;
        const theirs = JSON.parse(reference) as Record<string, unknown>;
        if (typeof theirs === "object") for (const key of added) if (!(key in ours)) delete theirs[key];
        if (ambiguous) expect(ours).not.to.deep.equal(theirs);
        else expect(ours).to.deep.equal(theirs);
      });
    }
  });

  describe("round trips", () => {
    for (const { name, input } of readCases("round-trip")) {
      it(name, () => expect(decodeT1(encodeT1(input))).to.equal(minifyJsonText(input)));
    }
  });

  it("describes itself", () => {
    expect(T1_DESCRIPTOR).to.include({
      name: "token",
      prefix: "#T1|",
      carries: "json",
      lossless: "minified-json",
      binary: false,
      costClass: 1,
    });
    expect(T1_DESCRIPTOR.create?.({})).to.be.instanceOf(TokenCodec);
  });

  it("refuses bytes that are no UTF-8, and lone surrogates in a wire", () => {
    expectError(() => codec.encodeText(Uint8Array.of(0x22, 0xff, 0x22)), {
      code: "M2M_UTF8_INVALID",
      offset: 1,
    });
    expectError(() => codec.decodeText('#T1|"\ud800"'), { code: "M2M_TEXT_LONE_SURROGATE" });
    expect(codec.encodeText(encodeUtf8('"\\ud800"'))).to.equal('#T1|"\\ud800"');
  });

  describe("limits", () => {
    const small = new TokenCodec({ limits: { maxInputBytes: 20, maxOutputBytes: 20, maxJsonDepth: 2 } });

    it("on input", () => {
      expect(small.encodeText(encodeUtf8('"123456789012345678"'))).to.have.length(24);
      expect(() => small.encodeText(encodeUtf8('"1234567890123456789"')))
        .to.throw(LimitError)
        .include({ code: "M2M_INPUT_TOO_LARGE" });
      expect(() => small.encodeText(encodeUtf8('"ééééééééééé"'))).to.throw(LimitError);
    });

    it("on output, in bytes", () => {
      expect(decodeUtf8(small.decodeText('#T1|"123456789012345678"'))).to.have.length(20);
      for (const wire of [
        '#T1|"1234567890123456789"',
        '#T1|{"f":0}',
        '#T1|{"M":"4o","s":0}',
        '#T1|"ééééééééééé"',
      ]) {
        expect(() => small.decodeText(wire))
          .to.throw(LimitError)
          .include({ code: "M2M_OUTPUT_TOO_LARGE" });
      }
    });

    it("on output, before all of it is made", () => {
      const bomb = `#T1|{${'"f":0,'.repeat(1000)}"f":}`;
      // The text is malformed at its end: whoever stops at the limit never sees it.
      expect(() => small.decodeText(bomb))
        .to.throw(LimitError)
        .include({ code: "M2M_OUTPUT_TOO_LARGE" });
    });

    it("on depth, both ways", () => {
      expect(small.encodeText(encodeUtf8("[[1]]"))).to.equal("#T1|[[1]]");
      expectError(() => small.encodeText(encodeUtf8("[[[1]]]")), { code: "M2M_JSON_TOO_DEEP", offset: 2 });
      expectError(() => small.decodeText('#T1|{"m":[[]]}'), { code: "M2M_JSON_TOO_DEEP", offset: 10 });
    });

    it("as options: a deep text with a high limit does not recurse", () => {
      const depth = 100_000;
      const text = '{"messages":['.repeat(depth) + "]}".repeat(depth);
      const limits = { maxJsonDepth: 2 * depth };
      expect(decodeT1(encodeT1(text, { limits }), { limits })).to.equal(text);
      expect(() => encodeT1(text)).to.throw(LimitError);
    });
  });

  it("takes time in proportion to the text for long runs of escapes, names and spaces", () => {
    for (const piece of ['"~m":1', '"m":{}', `"x":${" ".repeat(50)}0`, '"\\\\\\"":0']) {
      const text = `{${Array.from({ length: 50_000 }, () => piece).join(",")}}`;
      expect(decodeT1(encodeT1(text))).to.equal(minifyJsonText(text));
    }
  });

  it("reports a cut wire as ending too early", () => {
    expect(() => decodeT1('#T1|{"m":[')).to.throw(FormatError, "ends too early");
    expect(() => decodeT1('#T1|{"m":[x')).not.to.throw("ends too early");
  });
});
