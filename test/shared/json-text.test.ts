import { expect } from "chai";
import fc from "fast-check";
import { FormatError, InputError, LimitError } from "../../src/shared/errors.js";
import {
  assertJsonText,
  isJsonText,
  minifyJsonText,
  parseJsonPointer,
  readJsonPointer,
} from "../../src/shared/json-text.js";

const WHITESPACE = ["", " ", "\n", "\r\n", "\t", "  "];

/** JSON text with whitespace at random and the given strings and numbers as they are spelled. */
function spaced(text: string, seed: readonly number[]): string {
  let i = 0;
  // Only between tokens: strings are matched whole and come back untouched.
  return text.replace(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^[\]{},:"]+/g, (token) => {
    const gap = WHITESPACE[seed.length === 0 ? 0 : seed[i++ % seed.length] % WHITESPACE.length];
    return gap + token + gap;
  });
}

describe("shared/json-text", () => {
  describe("assertJsonText", () => {
    for (const text of [
      "0",
      "-0",
      "-0.0",
      "1e5",
      "1E+05",
      "12345678901234567890.5e-7",
      '""',
      '"\\u00e9\\ud800\\/\\b"',
      '"\u007f\u2028"',
      "[]",
      "{}",
      " [ ] \r\n\t",
      '{"a":1,"a":2,"":{}}',
      "[[],{},null,true,false]",
      '{"__proto__":{"constructor":1}}',
    ]) {
      it(`accepts ${JSON.stringify(text)}`, () => {
        expect(() => assertJsonText(text)).not.to.throw();
        expect(() => JSON.parse(text) as unknown).not.to.throw();
      });
    }

    for (const [text, offset] of [
      ["", 0],
      [" ", 1],
      ["\ufeff{}", 0],
      ["\u00a01", 0],
      ["01", 1],
      ["-", 1],
      ["-a", 1],
      ["+1", 0],
      [".5", 0],
      ["1.", 2],
      ["1.e1", 2],
      ["1e", 2],
      ["1e+", 3],
      ["1 2", 2],
      ["tru", 3],
      ["trux", 3],
      ["True", 0],
      ["nul", 3],
      ["NaN", 0],
      ["'a'", 0],
      ['"', 1],
      ['"a\n"', 2],
      ['"\\x"', 2],
      ['"\\u12g4"', 5],
      ['"\\u12', 5],
      ['"\\', 2],
      ["[", 1],
      ["[1", 2],
      ["[1,", 3],
      ["[1,]", 3],
      ["[1 2]", 3],
      ["[}", 1],
      ["]", 0],
      ["{", 1],
      ["{]", 1],
      ['{"a"}', 4],
      ['{"a":}', 5],
      ['{"a":1,}', 7],
      ['{"a":1 "b":2}', 7],
      ["{a:1}", 1],
      ["{1:1}", 1],
      ["[]]", 2],
      ["// c\n1", 0],
    ] as const) {
      it(`refuses ${JSON.stringify(text)} at ${offset}`, () => {
        expect(() => JSON.parse(text) as unknown).to.throw();
        try {
          assertJsonText(text);
        } catch (error) {
          expect(error).to.be.instanceOf(FormatError).and.include({ code: "M2M_JSON_INVALID", offset });
          return;
        }
        expect.fail("it was accepted");
      });
    }

    it("says of a word that is none where it is, and which there are", () => {
      const why = "the word at offset 1 is none of true, false and null";
      expect(() => assertJsonText("[not json]")).to.throw(`The JSON is invalid at offset 2: ${why}.`);
      expect(() => assertJsonText("[nu")).to.throw(
        `The JSON is invalid at offset 3: it ends too early (${why}).`,
      );
    });

    it("agrees with JSON.parse on random and on mutated text", () => {
      const alphabet = fc.constantFrom(...'[]{},:"\\ue1-+.0tfn \n\u0001é'.split(""));
      const random = fc.array(alphabet, { maxLength: 12 }).map((units) => units.join(""));
      const mutated = fc.tuple(fc.json(), fc.nat(), alphabet, fc.nat(2)).map(([text, at, unit, cut]) => {
        const i = at % (text.length + 1);
        return text.slice(0, i) + unit + text.slice(i + cut);
      });
      fc.assert(
        fc.property(fc.oneof(random, mutated), (text) => {
          let accepted = true;
          try {
            JSON.parse(text);
          } catch {
            accepted = false;
          }
          expect(isJsonText(text)).to.equal(accepted);
        }),
        { numRuns: 5000 },
      );
    });

    it("counts the depth of open containers", () => {
      expect(() => assertJsonText('[{"a":[0]}]', 3)).not.to.throw();
      expect(() => assertJsonText('[{"a":[0]}]', 2))
        .to.throw(LimitError)
        .include({ code: "M2M_JSON_TOO_DEEP", offset: 6 });
      expect(() => assertJsonText("0", 0)).not.to.throw();
      expect(isJsonText("[]", 0)).to.equal(false);
    });

    it("does not recurse", () => {
      const depth = 1_000_000;
      expect(isJsonText("[".repeat(depth) + "]".repeat(depth))).to.equal(true);
      expect(isJsonText('{"a":'.repeat(depth))).to.equal(false);
    });
  });

  describe("minifyJsonText", () => {
    it("drops whitespace between tokens and nothing else", () => {
      const text = ' {\r\n\t"a b" : [ 1.0 , -0e+00 ,\n"\\u0020 x" ] ,"a b":{ } , "c":[ ] } ';
      expect(minifyJsonText(text)).to.equal('{"a b":[1.0,-0e+00,"\\u0020 x"],"a b":{},"c":[]}');
    });

    it("gives JSON.stringify's text for a spaced JSON.stringify", () => {
      fc.assert(
        fc.property(fc.json(), fc.array(fc.nat(99), { maxLength: 20 }), (text, seed) => {
          expect(minifyJsonText(spaced(text, seed))).to.equal(text);
          expect(minifyJsonText(text)).to.equal(text);
        }),
      );
    });

    it("refuses what is no JSON", () => {
      expect(() => minifyJsonText("{} x"))
        .to.throw(FormatError)
        .include({ code: "M2M_JSON_INVALID" });
    });
  });

  describe("readJsonPointer", () => {
    const text =
      '{ "a": [1, {"b": [2 , 3]}, "x", [4]], "a/b": {"": 5}, "m~n": 6, "\\u0063": 7, "0": {"1": 8} }';
    const read = (of: string, pointer: string): string | undefined => {
      const slice = readJsonPointer(of, pointer);
      return slice && of.slice(slice.start, slice.end);
    };

    for (const [pointer, expected] of [
      ["/a", '[1, {"b": [2 , 3]}, "x", [4]]'],
      ["/a/0", "1"],
      ["/a/1/b", "[2 , 3]"],
      ["/a/1/b/1", "3"],
      ["/a/2", '"x"'],
      ["/a/3/0", "4"],
      ["/a/4", undefined],
      ["/a/-", undefined],
      ["/a/-1", undefined],
      ["/a/01", undefined],
      ["/a/Infinity", undefined],
      ["/a/NaN", undefined],
      ["/a/2/0", undefined],
      ["/a~1b", '{"": 5}'],
      ["/a~1b/", "5"],
      ["/m~0n", "6"],
      ["/c", "7"],
      ["/0/1", "8"],
      ["/", undefined],
      ["/b", undefined],
      ["/__proto__", undefined],
    ] as const) {
      it(`${pointer} is ${expected ?? "nowhere"}`, () => expect(read(text, pointer)).to.equal(expected));
    }

    it("gives the whole value for the empty pointer, without the space around it", () => {
      expect(read(" [1] ", "")).to.equal("[1]");
      expect(read(" 1 ", "")).to.equal("1");
    });

    it("takes the last of duplicate keys, at every level", () => {
      expect(read('{"a":1,"a":[2]}', "/a")).to.equal("[2]");
      expect(read('{"a":{"b":1},"a":{"c":2}}', "/a/b")).to.equal(undefined);
      expect(read('{"a":{"b":1},"a":3}', "/a/b")).to.equal(undefined);
      expect(read('{"a":{"b":1,"b":{"x":2}},"c":{"b":9}}', "/a/b")).to.equal('{"x":2}');
    });

    it("refuses malformed pointers and malformed text behind the value", () => {
      for (const pointer of ["a", "/a~", "/a~2", "~"]) {
        expect(() => readJsonPointer("{}", pointer))
          .to.throw(InputError)
          .include({ code: "M2M_USAGE" });
      }
      expect(() => readJsonPointer('{"a":1,}', "/a")).to.throw(FormatError);
    });

    it("finds what a walk over the parsed value finds", () => {
      const key = fc.constantFrom("a", "b", "0", "1", "", "a/b", "~", "é");
      const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
        tree: fc.oneof(
          { maxDepth: 4 },
          fc.constantFrom<unknown>(1, "s", null, true, -2.5),
          fc.array(tie("tree"), { maxLength: 4 }),
          fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
        ),
      }));
      const path = fc.array(fc.oneof(key, fc.constantFrom("2", "3", "00")), { maxLength: 4 });
      fc.assert(
        fc.property(tree, path, fc.array(fc.nat(99), { maxLength: 9 }), (value, names, seed) => {
          let wanted: unknown = value;
          for (const name of names) {
            const isIndex = !Array.isArray(wanted) || /^(0|[1-9]\d*)$/.test(name);
            const inside =
              typeof wanted === "object" && wanted !== null && isIndex && Object.hasOwn(wanted, name);
            wanted = inside ? (wanted as Record<string, unknown>)[name] : undefined;
            if (wanted === undefined) break;
          }
          const pointer = names
            .map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`)
            .join("");
          expect(parseJsonPointer(pointer)).to.deep.equal(names);
          const found = read(spaced(JSON.stringify(value), seed), pointer);
          expect(found === undefined ? undefined : (JSON.parse(found) as unknown)).to.deep.equal(wanted);
        }),
        { numRuns: 2000 },
      );
    });
  });
});
