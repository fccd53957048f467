import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import {
  ALGORITHMS,
  CodecEngine,
  ContextCodec,
  detect,
  findReservedOpening,
  SessionEncoder,
  type AlgorithmName,
} from "../../src/codec/index.js";
import { LEVEL_NAMES } from "../../src/shared/algorithms.js";
import { M2MError } from "../../src/shared/errors.js";
import { minifyJsonText } from "../../src/shared/json-text.js";
import { decodeUtf8, encodeUtf8 } from "../../src/shared/utf8.js";
import { catchM2MError } from "../helpers/catch-error.js";
import { readVectors } from "../helpers/vectors.js";

interface WireCase {
  name: string;
  input: string;
  auto: string;
  analysis: { is_json: boolean; is_llm_api: boolean; has_tools: boolean; repetition_ratio: number };
}

const CASES = readVectors<WireCase>("wire-v3/wire-v3.json");
const PUBLISHED_NAMES: Record<string, AlgorithmName> = {
  None: "none",
  TokenNative: "token-native",
  Brotli: "brotli",
};
const REQUEST = '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}';
const RESERVED = [
  "#TK|C|x",
  "#T1|{}",
  "#T2|{}",
  "#M2M[v3.0]|DATA:x",
  "#M2M[v9]",
  "#M2M|1|x",
  "#M2M|2|",
  "\u0000a",
  "\u0001",
  "\u0002x",
];
const engine = new CodecEngine();

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }),
  fc.json({ maxDepth: 6 }),
  fc.tuple(fc.constantFrom(...RESERVED), fc.string()).map(([head, tail]) => head + tail),
);

describe("codec/engine", () => {
  it("gives back every text, by every policy and form", () => {
    const options = fc.record({
      policy: fc.constantFrom("published" as const, "smallest" as const),
      binary: fc.boolean(),
    });
    fc.assert(
      fc.property(text, options, (content, chosen) => {
        const { data } = engine.compress(content, chosen);
        expect(engine.decompress(data).text).to.equal(content);
        const bytes = typeof data === "string" ? encodeUtf8(data) : data;
        expect(engine.decompress(bytes).text).to.equal(content);
      }),
      { numRuns: 600 },
    );
  });

  it("gives back any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (content, binary) => {
        const { data } = engine.compress(content, { binary });
        expect(Buffer.compare(engine.decompress(data).bytes, content)).to.equal(0);
      }),
      { numRuns: 600 },
    );
  });

  for (const { name, lossless } of ALGORITHMS) {
    it(`gives back every vector's input by ${name}`, () => {
      for (const { input } of CASES) {
        const { data } = engine.compress(input, { algorithm: name });
        const expected = lossless === "bytes" ? input : minifyJsonText(input);
        const result = engine.decompress(data);
        expect(result.text).to.equal(expected);
        expect(result.algorithm).to.equal(name);
      }
    });
  }

  it("chooses what the published implementation chooses, unless that makes the message larger", () => {
    for (const { name, input, auto } of CASES) {
      const { algorithm, ratio } = engine.compressAuto(input);
      const published = PUBLISHED_NAMES[auto];
      if (algorithm === published) {
        if (algorithm !== "none") expect(ratio, name).to.be.below(1);
        continue;
      }
      expect(algorithm, name).to.equal("none");
      expect(engine.compress(input, { algorithm: published }).ratio, name).to.be.at.least(1);
    }
  });

  it("never makes a text larger by itself, reserved openings apart", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (content) => {
        if (/^(?:#TK\||#T\d\||#M2M[|[]|[\0-\u0002])/u.test(content)) return;
        expect(engine.compressAuto(content).ratio).to.be.at.most(1);
      }),
    );
  });

  it("finds the smallest wire of all that carry the bytes exactly", () => {
    for (const { input } of CASES) {
      const smallest = engine.compress(input, { policy: "smallest", timeBudgetMs: 10_000 });
      for (const { name, lossless } of ALGORITHMS) {
        if (lossless !== "bytes" && minifyJsonText(input) !== input) continue;
        expect(smallest.compressedBytes).to.be.at.most(
          engine.compress(input, { algorithm: name }).compressedBytes,
        );
      }
      expect(engine.decompress(smallest.data).text).to.equal(input);
    }
  });

  it("wraps content that begins like a wire, and refuses to force it through none", () => {
    for (const content of RESERVED) {
      const { algorithm, data } = engine.compress(content);
      expect(algorithm).not.to.equal("none");
      expect(engine.decompress(data).text).to.equal(content);
      expect(catchM2MError(() => engine.compress(content, { algorithm: "none" })).code).to.equal(
        "M2M_WIRE_AMBIGUOUS",
      );
    }
  });

  it("finds a wire of one line for content of several", () => {
    const content = "two\nlines";
    expect(engine.compress(content).data).to.equal(content);
    const { data } = engine.compress(content, { singleLine: true });
    expect(data).not.to.include("\n");
    expect(engine.decompress(data).text).to.equal(content);
    const forced = () => engine.compress(content, { singleLine: true, algorithm: "none" });
    expect(catchM2MError(forced).code).to.equal("M2M_LINE_INVALID");
  });

  it("refuses text-only formats for bytes that are no text", () => {
    const content = Uint8Array.of(0x7b, 0xff, 0x7d);
    for (const algorithm of ["none", "token", "token-native"] as const) {
      expect(catchM2MError(() => engine.compress(content, { algorithm })).code).to.equal("M2M_UTF8_INVALID");
    }
    for (const algorithm of ["brotli", "m2m"] as const) {
      const { data } = engine.compress(content, { algorithm });
      expect([...engine.decompress(data).bytes]).to.deep.equal([...content]);
    }
  });

  it("takes dictionary for what the policy smallest is asked for, and never for published", () => {
    const smallest = engine.compress(REQUEST, { policy: "smallest", timeBudgetMs: 10_000 });
    expect(smallest.algorithm).to.equal("dictionary");
    expect(engine.decompress(smallest.data).text).to.equal(REQUEST);
    for (const content of [REQUEST, Uint8Array.of(0xff), new Uint8Array(5000), "x".repeat(5000)]) {
      for (const binary of [false, true]) {
        expect(engine.compress(content, { binary }).algorithm).not.to.equal("dictionary");
      }
    }
  });

  it("takes a level, and refuses one that there is not", () => {
    const sizes = LEVEL_NAMES.map((level) => {
      const { data } = engine.compress(REQUEST, { algorithm: "dictionary", level, binary: true });
      expect(engine.decompress(data).text).to.equal(REQUEST);
      return data.length;
    });
    expect(sizes[0]).to.be.greaterThan(sizes[1]);
    expect(sizes[2]).to.be.at.most(sizes[1]);
    const level = "best" as "max";
    expect(catchM2MError(() => engine.compress(REQUEST, { level })).code).to.equal("M2M_USAGE");
    expect(catchM2MError(() => new CodecEngine({ level })).code).to.equal("M2M_USAGE");
  });

  it("tells a dictionary wire by its opening, whatever is behind it", () => {
    for (let first = 0xb0; first <= 0xbf; first++) {
      const wire = Uint8Array.of(first, 1, 2, 3, 4, 5, 6, 7);
      expect(detect(wire)).to.deep.equal({ algorithm: "dictionary", form: "binary" });
      expect(findReservedOpening(wire)).to.equal(`0x${first.toString(16)}`);
      expect(() => engine.decompress(wire)).to.throw(M2MError);
    }
    // The same letter of a text is no such byte.
    expect(findReservedOpening("\u00b1")).to.equal(undefined);
    expect(engine.decompress(engine.compress("\u00b1", { algorithm: "none" }).data).text).to.equal("\u00b1");
    expect(catchM2MError(() => engine.decompress("#M2M[d2]|AAAA")).code).to.equal("M2M_VERSION_UNSUPPORTED");
    expect(catchM2MError(() => engine.decompress("#M2M[d1]|sQA=")).code).to.equal("M2M_CONTEXT_TRUNCATED");
    const text = engine.compress(REQUEST, { algorithm: "dictionary" }).data as string;
    const bytes = Buffer.from(text.slice("#M2M[d1]|".length), "base64");
    const damaged = Buffer.from(bytes);
    damaged[3] ^= 1;
    expect(catchM2MError(() => engine.decompress(damaged)).code).to.equal("M2M_CHECKSUM_MISMATCH");
    const other = Buffer.from(bytes);
    other[1] ^= 1;
    expect(catchM2MError(() => engine.decompress(other)).code).to.equal("M2M_PRIOR_MISSING");
  });

  it("refuses wires of versions it lacks", () => {
    for (const wire of ["#M2M|2|AAAA", "#M2M[v2.0]|DATA:AAAA", "#M2M[v4.0]|DATA:"]) {
      expect(catchM2MError(() => engine.decompress(wire)).code).to.equal("M2M_VERSION_UNSUPPORTED");
      expect(catchM2MError(() => engine.decompress(encodeUtf8(wire))).code).to.equal(
        "M2M_VERSION_UNSUPPORTED",
      );
    }
  });

  it("ignores one line break behind a wire, but not behind plain text", () => {
    const { data } = engine.compress(REQUEST, { algorithm: "token-native" });
    expect(engine.decompress(`${data as string}\n`).text).to.equal(REQUEST);
    expect(engine.decompress(`${data as string}\r\n`).text).to.equal(REQUEST);
    expect(engine.decompress("plain\n").text).to.equal("plain\n");
    expect(() => engine.decompress(`${data as string}\n\n`)).to.throw(M2MError);
  });

  it("tells text and binary frames apart", () => {
    const frame = engine.compress(REQUEST, { algorithm: "m2m", binary: true }).data as Uint8Array;
    expect(detect(frame)).to.include({ form: "binary" });
    const wire = engine.compress(REQUEST, { algorithm: "m2m" }).data as string;
    expect(detect(encodeUtf8(wire))).to.include({ form: "text" });
    expect(decodeUtf8(engine.decompress(frame).bytes)).to.equal(REQUEST);
  });

  it("secures with a key, and only frames", () => {
    const key = randomBytes(32);
    const sealed = engine.compress(REQUEST, { key });
    expect(sealed.algorithm).to.equal("m2m");
    expect(engine.decompress(sealed.data, { key }).text).to.equal(REQUEST);
    expect(catchM2MError(() => engine.decompress(sealed.data)).code).to.equal("M2M_KEY_REQUIRED");
    const wrong = catchM2MError(() => engine.decompress(sealed.data, { key: randomBytes(32) }));
    expect(wrong.code).to.equal("M2M_AUTHENTICATION_FAILED");
    expect(catchM2MError(() => engine.compress(REQUEST, { key, algorithm: "brotli" })).code).to.equal(
      "M2M_USAGE",
    );
  });

  it("with a key accepts nothing that anyone could have written", () => {
    const key = randomBytes(32);
    const forged = ALGORITHMS.map(({ name }) => engine.compress(REQUEST, { algorithm: name }).data);
    for (const wire of forged) {
      expect(catchM2MError(() => engine.decompress(wire, { key })).code).to.equal(
        "M2M_AUTHENTICATION_FAILED",
      );
      expect(catchM2MError(() => new CodecEngine({ key }).decompress(wire)).code).to.equal(
        "M2M_AUTHENTICATION_FAILED",
      );
      expect(engine.decompress(wire, { key, allowUnsecured: true }).bytes.length).to.be.above(0);
    }
  });

  it("never writes an unsecured wire when security was asked for", () => {
    const security = "aead" as const;
    expect(catchM2MError(() => engine.compress(REQUEST, { security })).code).to.equal("M2M_KEY_REQUIRED");
    const brotli = catchM2MError(() => engine.compress(REQUEST, { security, algorithm: "brotli" }));
    expect(brotli.code).to.equal("M2M_USAGE");
  });

  it("drops defaults from JSON before any algorithm, and only when asked", () => {
    const request = '{"messages":[], "temperature":1.0,"n":2}';
    for (const { name } of ALGORITHMS) {
      const { data } = engine.compress(request, { algorithm: name, dropDefaults: true });
      expect(engine.decompress(data).text).to.equal('{"messages":[],"n":2}');
    }
    expect(engine.compress("no JSON", { dropDefaults: true }).data).to.equal("no JSON");
  });

  it("reports the sizes of what it was given where it drops something, and chooses by what is left", () => {
    const given = '{"messages": [], "temperature": 1.0, "n": 1, "é": "é"}';
    const originalBytes = Buffer.byteLength(given);
    for (const algorithm of ["auto", ...ALGORITHMS.map(({ name }) => name)] as const) {
      const result = engine.compress(given, { algorithm, dropDefaults: true });
      expect(result.originalBytes, algorithm).to.equal(originalBytes);
      expect(result.ratio, algorithm).to.equal(result.compressedBytes / originalBytes);
      const { data, reason } = engine.compress(engine.optimize(given), { algorithm });
      expect([result.data, result.reason], algorithm).to.deep.equal([data, reason]);
    }
  });

  it("refuses settings that are wrong, under auto too", () => {
    const usage = (run: () => unknown) => expect(catchM2MError(run).code).to.equal("M2M_USAGE");
    usage(() => new CodecEngine({ quality: 99 }));
    usage(() => engine.compress("x".repeat(2000), { quality: 99 }));
    usage(() => engine.compress(REQUEST, { policy: "best" as "smallest" }));
    usage(() => new CodecEngine({ limits: { maxOutputBytes: -1 } }));
    for (const limit of [Number.NaN, Infinity, 1.5, "1"]) {
      usage(() => new CodecEngine({ limits: { maxInputBytes: limit as number } }));
    }
    for (const number of [-1, Number.NaN, "20", null] as number[]) {
      for (const name of ["brotliThresholdBytes", "timeBudgetMs"] as const) {
        usage(() => new CodecEngine({ [name]: number }));
        usage(() => engine.compress(REQUEST, { [name]: number }));
      }
      usage(() => new CodecEngine({ router: { skipBelowTokens: number } }));
      usage(() => new ContextCodec({ maxModelBytes: number }));
      usage(() => new SessionEncoder({ maxModelBytes: number }));
    }
    usage(() => new CodecEngine({ router: { skipUnder: 1 } as object }));
    usage(() => new CodecEngine({ router: 5 as never }));
    usage(() => new CodecEngine({ encoding: "zzz" as "llama" }));
    usage(() => new CodecEngine({ security: "AEAD" as "aead" }));
    usage(() => new CodecEngine(null as unknown as object));
    usage(() => engine.compress(REQUEST, null as unknown as object));
    usage(() => engine.compress(REQUEST, { key: new Uint8Array(32), security: "AEAD" as "aead" }));
    usage(() => engine.compress(undefined as unknown as string));
    usage(() => engine.decompress({} as unknown as string));
  });

  it("takes no limit for a time or a threshold", () => {
    const own = new CodecEngine({ timeBudgetMs: Infinity, brotliThresholdBytes: Infinity, router: {} });
    expect(own.compress("x".repeat(5000)).algorithm).to.equal("token-native");
  });

  it("takes the default for a limit that is undefined", () => {
    const own = new CodecEngine({ limits: { maxOutputBytes: undefined, maxJsonDepth: undefined } });
    expect(
      catchM2MError(() => own.compress("[".repeat(40) + "]".repeat(40), { algorithm: "token" })).code,
    ).to.equal("M2M_JSON_TOO_DEEP");
    const { data } = new CodecEngine({ limits: { maxInputBytes: 2 ** 26 } }).compress("x".repeat(2 ** 25));
    expect(catchM2MError(() => own.decompress(data)).code).to.equal("M2M_OUTPUT_TOO_LARGE");
  });

  it("reads wires under limits past what the platform can allocate", () => {
    const wide = new CodecEngine({ limits: { maxOutputBytes: Number.MAX_SAFE_INTEGER } });
    for (const { name } of ALGORITHMS) {
      expect(wide.decompress(engine.compress(REQUEST, { algorithm: name }).data).text).to.equal(REQUEST);
    }
  });

  it("does not repeat what a stranger wrote at length, nor what acts on a terminal", () => {
    const { message } = catchM2MError(() => engine.decompress(`#T1|{":${"a".repeat(1e6)}":1}`));
    expect(message.length).to.be.below(300);
    expect(catchM2MError(() => engine.decompress("#TK|\u001b|AA==")).message).not.to.include("\u001b");
  });

  it("analyses members of any type", () => {
    const hostile = '{"model":{"toString":1,"valueOf":1},"input":"x"}';
    expect(engine.analyze(hostile).model).to.equal(undefined);
  });

  it("is never larger under smallest than under published, whatever the budget", () => {
    const content = JSON.stringify(CASES);
    const published = engine.compress(content);
    const hasty = engine.compress(content, { policy: "smallest", timeBudgetMs: 0 });
    expect(hasty.compressedBytes).to.be.at.most(published.compressedBytes);
    expect(hasty.reason).to.include("were spent before");
  });

  it("speaks of one byte as of one", () => {
    expect(engine.compress("a").reason).to.match(/^1 byte is under /);
    expect(engine.compress("ab").reason).to.match(/^2 bytes are under /);
    const { data } = engine.compress("x".repeat(2000), { algorithm: "brotli" });
    const wire = Buffer.from((data as string).replace(/^.*DATA:/s, ""), "base64");
    const longer = Buffer.concat([wire, Buffer.alloc(1, 7)]).toString("base64");
    const error = catchM2MError(() => engine.decompress((data as string).replace(/(?<=DATA:).*$/s, longer)));
    expect(error.message).to.match(/^1 byte follows /);
  });

  it("tells which algorithm it would take", () => {
    expect(engine.selectAlgorithm("short")).to.deep.include({ algorithm: "none" });
    expect(engine.selectAlgorithm("long ".repeat(400)).reason).to.include("1024");
  });

  it("reads a wire whose line feed a reader of lines has taken", () => {
    const { data } = engine.compress(REQUEST, { algorithm: "brotli" });
    expect(engine.decompress(`${data as string}\r`).text).to.equal(REQUEST);
  });

  it("keeps its limits before it allocates", () => {
    const small = new CodecEngine({ limits: { maxInputBytes: 100, maxOutputBytes: 100 } });
    expect(catchM2MError(() => small.compress("x".repeat(101))).code).to.equal("M2M_INPUT_TOO_LARGE");
    expect(catchM2MError(() => small.compress("é".repeat(51))).code).to.equal("M2M_INPUT_TOO_LARGE");
    expect(catchM2MError(() => small.decompress("x".repeat(70_000))).code).to.equal("M2M_INPUT_TOO_LARGE");
    for (const { name } of ALGORITHMS) {
      const { data } = engine.compress(`"${"y".repeat(200)}"`, { algorithm: name });
      expect(catchM2MError(() => small.decompress(data)).code, name).to.equal("M2M_OUTPUT_TOO_LARGE");
    }
  });

  it("decodes a good wire after it refused a bad one", () => {
    for (const { name } of ALGORITHMS) {
      const { data } = engine.compress(REQUEST, { algorithm: name });
      if (name !== "none") expect(() => engine.decompress((data as string).slice(0, -3))).to.throw(M2MError);
      expect(engine.decompress(data).text).to.equal(REQUEST);
    }
  });

  it("analyses as the published implementation does", () => {
    for (const { name, input, analysis } of CASES) {
      const own = engine.analyze(input);
      expect(own.isJson, name).to.equal(analysis.is_json);
      expect(own.hasTools, name).to.equal(analysis.has_tools);
      expect(own.isLlmApi, name).to.equal(analysis.is_llm_api);
      expect(own.repetitionRatio ?? 0, name).to.be.closeTo(analysis.repetition_ratio, 1e-6);
    }
  });

  it("reports every algorithm, what it refuses, and both choices", () => {
    const analysis = engine.analyze("just words");
    expect(analysis.candidates.map(({ algorithm }) => algorithm)).to.deep.equal(
      ALGORITHMS.map(({ name }) => name),
    );
    const refused = analysis.candidates.find(({ algorithm }) => algorithm === "token")?.refused;
    expect(refused?.code).to.equal("M2M_JSON_INVALID");
    expect(analysis.chosen.published.algorithm).to.equal("none");
    expect(analysis.chosen.smallest.bytes).to.be.at.most(analysis.bytes);
    expect(analysis.route.strategy).to.equal("skip");
  });

  it("counts as the caller does where he says how, for the report and the route", () => {
    const { candidates, encoding, minified, route, tokens } = engine.analyze('{"a": 1}', {
      countTokens: (text) => 1000 + text.length,
    });
    expect([tokens, minified?.tokens, route.tokens, route.strategy]).to.deep.equal([
      1008,
      1007,
      1008,
      "full",
    ]);
    const native = candidates.find(({ algorithm }) => algorithm === "token-native");
    expect(native?.tokens).to.equal(1000 + Number(native?.bytes));
    expect(encoding).to.equal("cl100k_base");
  });

  it("routes by tokens", () => {
    const strategies = [10, 60, 400].map((words) => engine.route("word ".repeat(words)).strategy);
    expect(strategies).to.deep.equal(["skip", "optimize", "full"]);
    const strict = new CodecEngine({ router: { skipBelowTokens: 0, fullFromTokens: 1 } });
    expect(strict.route("word").strategy).to.equal("full");
  });

  it("optimizes a request without changing it", () => {
    expect(engine.optimize('{ "model": "gpt-4o", "messages": [], "temperature": 1.0 }')).to.equal(
      '{"model":"gpt-4o","messages":[]}',
    );
  });
});
