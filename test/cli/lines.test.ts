import { expect } from "chai";
import fc from "fast-check";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isOfTheLine } from "../../src/cli/lines.js";
import {
  FormatError,
  InputError,
  IntegrityError,
  LimitError,
  UnsupportedError,
} from "../../src/shared/errors.js";
import { CliFolder } from "../helpers/run-cli.js";

describe("--lines", () => {
  let folder: CliFolder;
  beforeEach(() => (folder = new CliFolder()));
  afterEach(() => folder.remove());

  function run(args: readonly string[], input: string | Uint8Array) {
    const { code, stderr, stdout } = folder.run([...args, "--lines"], { input });
    return { code, stdout: stdout.toString(), stderr };
  }

  it("gives a wire for each line, in order, and every line back", () => {
    const text = fc
      .string({ unit: "binary", maxLength: 40 })
      .map((line) => line.toWellFormed().replaceAll("\n", " "));
    const record = fc.json().map((line) => line.repeat(1));
    const lines = fc
      .sample(fc.oneof(text, record), 400)
      .concat("", "#TK|C|no wire", "#M2M|1|", " ", "\r", "{}\r");
    const input = lines.map((line) => `${line}\n`).join("");
    for (const algorithm of ["auto", "token-native", "brotli", "m2m"]) {
      const wires = run(["compress", "--algorithm", algorithm], input);
      expect([wires.code, wires.stderr], algorithm).to.deep.equal([0, ""]);
      expect(wires.stdout.split("\n")).to.have.length(lines.length + 1);
      const back = run(["decompress"], wires.stdout);
      expect(back.code, algorithm).to.equal(0);
      expect(back.stdout === input, algorithm).to.equal(true);
    }
  });

  it("carries lines that are not UTF-8", () => {
    const input = Buffer.from([0xff, 0xfe, 10, 0x61, 10]);
    const wires = folder.run(["compress", "--lines"], { input }).stdout;
    expect(folder.run(["decompress", "--lines"], { input: wires }).stdout.equals(input)).to.equal(true);
  });

  it("takes a last line without a line feed", () => {
    expect(run(["tokens"], "hello\nhello world").stdout).to.equal("1\n2\n");
    expect(run(["tokens"], "").stdout).to.equal("");
  });

  it("gives every line back with a line feed, the last one too", () => {
    expect(run(["decompress"], run(["compress"], "hello\nworld").stdout).stdout).to.equal("hello\nworld\n");
  });

  it("says at which line the key is missing, and what to do", () => {
    const frame = run(["compress", "--algorithm", "m2m", "--key", "11".repeat(32)], "secret\n").stdout;
    const { code, stdout, stderr } = run(["decompress"], `one\n${frame}`);
    expect([code, stdout]).to.deep.equal([2, "one\n"]);
    expect(stderr).to.match(/^m2m: line 2: .+ needs a key\.\n {2}.+ --key-file FILE\.\n$/);
    const alone = folder.run(["decompress"], { input: frame });
    expect(alone.stderr).to.match(/^m2m: The frame .+\n {2}.+ --key-file FILE\.\n$/);
  });

  it("reports a bad line with its number, goes on, and exits 3", () => {
    const plain = run(["decompress"], "one\n#TK|C|*\nthree\n");
    expect([plain.code, plain.stdout]).to.deep.equal([3, "one\nthree\n"]);
    expect(plain.stderr).to.match(/^m2m: line 2: .+\n$/);
    const json = run(["decompress", "--json"], "one\n#TK|C|*\nthree\n");
    const [one, two, three] = json.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect([json.code, one.content, one.line, three.content, three.line]).to.deep.equal([
      3,
      "one",
      1,
      "three",
      3,
    ]);
    expect([two.line, two.error.code]).to.deep.equal([2, "M2M_BASE64_INVALID"]);
  });

  it("names the file where there are several", () => {
    writeFileSync(join(folder.path, "a"), "{}\n");
    writeFileSync(join(folder.path, "b"), '{"m":"hello"}\nnot JSON\n');
    const { code, stderr, stdout } = folder.run([
      "tokens",
      "--lines",
      "--field",
      "/m",
      "--file",
      "a",
      "--file",
      "b",
    ]);
    expect([code, stdout.toString()]).to.deep.equal([3, "1\n"]);
    expect(stderr).to.match(/^m2m: a: line 1: The record has no \/m\.\nm2m: b: line 2: /);
  });

  it("stops at what is wrong with every line", () => {
    const { code, stderr, stdout } = run(["compress", "--key-file", "missing"], "a\nb\n");
    expect([code, stdout]).to.deep.equal([4, ""]);
    expect(stderr.match(/^m2m: /gm)).to.have.length(1);
    expect(run(["compress", "--binary"], "a\n").code).to.equal(2);
  });

  it("refuses content with a line break, which --json carries", () => {
    const wire = folder
      .run(["compress", "--algorithm", "token-native"], { input: "two\nlines" })
      .stdout.toString();
    const plain = run(["decompress"], `${wire}\nok\n`);
    expect([plain.code, plain.stdout]).to.deep.equal([3, "ok\n"]);
    expect(plain.stderr).to.include("line 1").and.to.include("--json");
    expect(JSON.parse(run(["decompress", "--json"], `${wire}\n`).stdout).content).to.equal("two\nlines");
  });

  it("passes over a line that is over the limit", () => {
    const { code, stderr, stdout } = run(["compress", "--max-bytes", "5"], "12345\n123456\n1\n");
    expect([code, stdout]).to.deep.equal([3, "12345\n1\n"]);
    expect(stderr).to.include("line 2");
  });

  it("reports a bad line once: with --json on stdout", () => {
    const { code, stderr, stdout } = run(["decompress", "--json"], "#TK|C|*\n");
    expect([code, stderr]).to.deep.equal([3, ""]);
    expect(JSON.parse(stdout).error.code).to.equal("M2M_BASE64_INVALID");
  });

  it("writes large lines and small ones in order", () => {
    const lines = [10, 70_000, 20, 65_535, 65_536, 30, 200_000].map(
      (size, i) => `${i}${"é".repeat(size / 2)}`,
    );
    const input = lines.map((line) => `${line}\n`).join("");
    expect(run(["compress", "--algorithm", "none"], input).stdout === input).to.equal(true);
  });

  it("says of which file a line is, in JSON too", () => {
    writeFileSync(join(folder.path, "a"), "one\n");
    writeFileSync(join(folder.path, "b"), "two\n");
    const files = ["--file", "a", "--file", "b"];
    const { stdout } = folder.run(["tokens", "--lines", "--json", ...files]);
    const names = stdout
      .toString()
      .trim()
      .split("\n")
      .map((line) => [JSON.parse(line).name, JSON.parse(line).line]);
    expect(names).to.deep.equal([
      ["a", 1],
      ["b", 1],
    ]);
  });

  it("tells what is wrong with a line from what is wrong with all", () => {
    const ofTheLine = [
      new FormatError("M2M_JSON_INVALID", "x"),
      new IntegrityError("M2M_AUTHENTICATION_FAILED", "x"),
      new LimitError("M2M_INPUT_TOO_LARGE", "x"),
      new UnsupportedError("M2M_VERSION_UNSUPPORTED", "x"),
      new UnsupportedError("M2M_TOKENIZER_UNSUPPORTED", "x"),
    ];
    const ofAll = [
      new InputError("M2M_USAGE", "x"),
      new InputError("M2M_KEY_REQUIRED", "x"),
      new FormatError("M2M_RANK_TABLE_INVALID", "x"),
      new UnsupportedError("M2M_PLATFORM_UNSUPPORTED", "x"),
      new UnsupportedError("M2M_PACKAGE_MISSING", "x"),
      new TypeError("x"),
    ];
    expect(ofTheLine.filter((error) => !isOfTheLine(error))).to.deep.equal([]);
    expect(ofAll.filter((error) => isOfTheLine(error))).to.deep.equal([]);
  });

  it("reads wires whose lines end in CRLF", () => {
    const wire = folder.run(["compress", "--algorithm", "token-native", "hello"]).stdout.toString();
    expect(run(["decompress"], `${wire}\r\n`).stdout).to.equal("hello\n");
  });

  describe("--field", () => {
    it("is read before the input", () => {
      const { code, stderr } = run(["tokens", "--field", "a"], "");
      expect(code).to.equal(2);
      expect(stderr).to.include("JSON Pointer");
    });

    it("passes over blank lines, which are messages without it", () => {
      const input = '{"m":"a"}\n\n \t\r\nx\n';
      const { stderr, stdout } = run(["tokens", "--field", "/m"], input);
      expect(stdout).to.equal("1\n");
      expect(stderr).to.match(/^m2m: line 4: [^\n]+\n( {2}[^\n]+\n)?$/);
      expect(run(["tokens"], "\n\n").stdout).to.equal("0\n0\n");
    });

    it("gives no result of two lines", () => {
      const input = '{"m":"two\\nlines"}\n{"m":"one"}\n';
      const plain = run(["tokens", "--field", "/m", "--truncate", "9"], input);
      expect([plain.code, plain.stdout]).to.deep.equal([3, "one\n"]);
      expect(plain.stderr).to.include("line 1").and.to.include("--json");
    });

    it("takes the text of a string and the raw text of any other value", () => {
      const records = ['{"a":{"b":["x","h\\u00e9\\n"]}}', '{"a":{"b":[0,{"n": 1.0}]}}'].join("\n");
      const wires = run(["compress", "--algorithm", "none", "--field", "/a/b/1", "--json"], records);
      const data = wires.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).data);
      expect(data).to.deep.equal(["hé\n", '{"n": 1.0}']);
    });

    it("needs --lines, and a pointer", () => {
      expect(folder.run(["tokens", "--field", "/a", "x"]).code).to.equal(2);
      expect(run(["tokens", "--field", "a"], "{}\n").code).to.equal(2);
    });
  });

  it("answers before its input ends", async () => {
    const child = folder.start(["tokens", "--lines"]);
    const answer = new Promise<string>((resolve) =>
      child.stdout?.once("data", (data) => resolve(String(data))),
    );
    child.stdin?.write("hello\n");
    expect(await answer).to.equal("1\n");
    child.stdin?.end();
  });
});
