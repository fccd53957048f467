import { expect } from "chai";
import fc from "fast-check";
import { decodeT1, encodeT1, TokenCodec } from "../../../src/codec/t1/index.js";
import { FormatError, M2MError } from "../../../src/shared/errors.js";
import { isJsonText, minifyJsonText } from "../../../src/shared/json-text.js";
import { decodeUtf8, encodeUtf8 } from "../../../src/shared/utf8.js";
import { keysFor, ODD_NAMES, randomJsonText, stringsFor } from "./random-json.js";
import { KEYS, STRINGS, twinDecode, twinEncode } from "./slow-twin.js";

describe("codec/t1 properties", () => {
  it("gives every JSON text back, minified, and equals the slow twin", () => {
    fc.assert(
      fc.property(randomJsonText(), (text) => {
        const wire = encodeT1(text);
        expect(wire).to.equal(twinEncode(text));
        expect(decodeT1(wire)).to.equal(minifyJsonText(text));
        expect(twinDecode(wire)).to.equal(minifyJsonText(text));
      }),
      { numRuns: 5000 },
    );
  });

  it("the random texts do visit every position and hold names to escape", () => {
    const seen = { rewritten: 0, escaped: 0, deep: 0, duplicates: 0 };
    for (const text of fc.sample(randomJsonText(), { numRuns: 500, seed: 1 })) {
      const wire = encodeT1(text);
      if (wire.length - 4 < minifyJsonText(text).length) seen.rewritten++;
      if (/"~/.test(wire)) seen.escaped++;
      if (/"tc":\[\{/.test(wire)) seen.deep++;
      if (/[{,]("[^"]*"):[^{}]*,\1:/.test(wire)) seen.duplicates++;
    }
    for (const [what, count] of Object.entries(seen)) expect(count, what).to.be.greaterThan(5);
  });

  it("gives any other JSON back too, as bytes", () => {
    const codec = new TokenCodec();
    const text = fc.oneof(
      fc.json({ stringUnit: "grapheme" }),
      fc
        .array(fc.json(), { maxLength: 5 })
        .map((items) => `{"metadata":[${items.join()}],"m":${items[0] ?? 1}}`),
    );
    fc.assert(
      fc.property(text, (json) => {
        fc.pre(json.isWellFormed());
        expect(decodeUtf8(codec.decodeText(codec.encodeText(encodeUtf8(json))))).to.equal(
          minifyJsonText(json),
        );
      }),
    );
  });

  it("reads what the slow twin reads, whoever wrote it", () => {
    fc.assert(
      fc.property(randomJsonText(), (text) => {
        const wire = `#T1|${text}`;
        let decoded: string;
        try {
          decoded = decodeT1(wire);
        } catch (error) {
          // Reserved names are refused; the twin knows no errors.
          expect(error).to.be.instanceOf(FormatError).and.include({ code: "M2M_T1_INVALID" });
          expect((error as FormatError).message).to.match(/does not know the short name ":/);
          return;
        }
        expect(decoded).to.equal(twinDecode(wire));
        expect(decodeT1(encodeT1(decoded))).to.equal(decoded);
      }),
      { numRuns: 2000 },
    );
  });

  describe("no two names share an encoding", () => {
    for (const path of Object.keys(KEYS)) {
      it(`keys at ${path || "the root"}`, () =>
        expectInjective(keysFor(path), (name) => at(path, `{"${name}":0}`)));
    }
    for (const path of Object.keys(STRINGS)) {
      it(`strings at ${path}`, () => expectInjective(stringsFor(path), (name) => at(path, `"${name}"`)));
    }
    it("keys and strings in an unknown place", () => {
      const names = [...ODD_NAMES, ...keysFor(""), ...stringsFor("/role")];
      for (const name of names) {
        const text = `{"metadata":{"${name}":"${name}"}}`;
        expect(encodeT1(text)).to.equal(`#T1|${text}`);
      }
    });
  });

  it("a cut wire is a FormatError", () => {
    fc.assert(
      fc.property(randomJsonText(120), fc.nat(), (text, seed) => {
        const wire = encodeT1(text);
        const cut = wire.slice(0, seed % wire.length);
        // A cut number or word can be JSON still; nothing else can.
        fc.pre(/["\]}]$/.test(wire));
        expect(() => decodeT1(cut))
          .to.throw(FormatError)
          .include({ code: "M2M_T1_INVALID" });
      }),
      { numRuns: 1000 },
    );
  });

  it("a mutated wire decodes to JSON or fails with an error of the taxonomy, and the codec still works", () => {
    const codec = new TokenCodec();
    const good = codec.encodeText(encodeUtf8('{"messages":[]}'));
    const unit = fc.constantFrom(...'[]{},:"\\u~:mrtc01-. \n\u0000é\ud800'.split(""));
    const edits = fc.array(fc.tuple(fc.nat(), unit, fc.nat(3)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(randomJsonText(120), edits, (text, changes) => {
        let wire = encodeT1(text);
        for (const [at, put, cut] of changes) {
          const i = at % (wire.length + 1);
          wire = wire.slice(0, i) + put + wire.slice(i + cut);
        }
        try {
          expect(isJsonText(decodeUtf8(codec.decodeText(wire)))).to.equal(true);
        } catch (error) {
          expect(error).to.be.instanceOf(M2MError);
        }
        expect(decodeUtf8(codec.decodeText(good))).to.equal('{"messages":[]}');
      }),
      { numRuns: 3000 },
    );
  });
});

/** `text` wrapped in what leads to `path`. */
function at(path: string, text: string): string {
  const steps = path.match(/\/[a-z_]+|\[\]/g) ?? [];
  return steps.reduceRight(
    (inner, step) => (step === "[]" ? `[${inner}]` : `{"${step.slice(1)}":${inner}}`),
    text,
  );
}

function expectInjective(names: readonly string[], textOf: (name: string) => string): void {
  const owners = new Map<string, string>();
  for (const name of names) {
    const wire = encodeT1(textOf(name));
    expect(owners.get(wire), `${name} is written as ${wire}`).to.equal(undefined);
    owners.set(wire, name);
    expect(decodeT1(wire)).to.equal(textOf(name));
  }
}
