import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CliFolder } from "../helpers/run-cli.js";

const bodyOf = (model: string) => `{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}`;
const OPEN = bodyOf("gpt-4o");
const CLOSED = bodyOf("claude-sonnet-4-5");
const UNKNOWN = bodyOf("gpt-99");

describe("the services of the commands", () => {
  let folder: CliFolder;
  beforeEach(() => (folder = new CliFolder()));
  afterEach(() => folder.remove());

  function run(args: readonly string[], input?: string | Uint8Array) {
    const { code, stderr, stdout } = folder.run(args, { input });
    return { code, stderr, stdout: stdout.toString() };
  }
  const json = (args: readonly string[], input?: string | Uint8Array) =>
    JSON.parse(run([...args, "--json"], input).stdout);
  const write = (name: string, content: string | Uint8Array) =>
    writeFileSync(join(folder.path, name), content);

  describe("tokens --truncate", () => {
    it("shows each of several files under its name", () => {
      write("a", "one two three four five");
      write("b", "sechs sieben\nacht\n");
      write("c", "");
      const args = ["tokens", "--truncate", "3", "--file", "a"];
      expect(run(args).stdout).to.equal("one two three");
      expect(run([...args, "--file", "b", "--file", "c"]).stdout).to.equal(
        "==> a <==\none two three\n\n==> b <==\nsechs sie\n\n==> c <==\n\n",
      );
    });

    it("has the bytes and tokens of the text that it gives", () => {
      write("a", "één twee drie vier vijf zes zeven");
      const { inputs } = json(["tokens", "--truncate", "3", "--file", "a"]);
      expect(inputs[0].bytes).to.equal(Buffer.byteLength(inputs[0].text)).and.to.be.below(20);
    });
  });

  describe("tokens --chat", () => {
    const input = [OPEN, CLOSED, UNKNOWN].join("\n");

    it("counts each line as its own model does, with its price", () => {
      const lines = run(["tokens", "--chat", "--lines", "--json"], input).stdout.trim().split("\n");
      const [open, closed, unknown] = lines.map((line) => JSON.parse(line));
      expect(open).to.include({ encoding: "o200k_base", exact: true, model: "gpt-4o" });
      expect(open.costUsd).to.be.greaterThan(0);
      expect(closed).to.include({ encoding: "heuristic", exact: false, model: "claude-sonnet-4-5" });
      expect(closed.costUsd).to.be.greaterThan(0);
      expect(unknown).to.include({ encoding: "cl100k_base", exact: false });
      expect(unknown).not.to.have.any.keys("model", "costUsd");
      expect(Object.keys(open.chat)).to.have.members([
        "messages",
        "tools",
        "overhead",
        "replyPriming",
        "uncountedParts",
      ]);
    });

    it("reads the Responses API and Gemini, as estimates", () => {
      const responses = '{"model":"gpt-4o","instructions":"Be brief.","input":"Hello"}';
      const found = json(["tokens", "--chat", responses]);
      expect(found).to.include({ encoding: "o200k_base", exact: false, total: 15 });
      expect(run(["tokens", "--chat", responses]).stderr).to.include("(o200k_base, an estimate)");
      const gemini =
        '{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"parts":[{"text":"Hello"}]}]}';
      expect(json(["tokens", "--chat", "--model", "gemini-2.5-pro", gemini])).to.include({ exact: false });
      const { code, stderr } = run(["tokens", "--chat", "{}"]);
      expect([code, stderr]).to.deep.equal([
        3,
        "m2m: The input is no chat request: it has no messages, input or contents.\n",
      ]);
    });

    it("sums the lines up on stderr, and says what is not exact, once", () => {
      const { stderr, stdout } = run(["tokens", "--chat", "--lines"], `${input}\n${UNKNOWN}`);
      const [open, closed, unknown] = stdout.trim().split("\n").map(Number);
      expect(stderr.split("\n")).to.deep.equal([
        "m2m: there is no tokenizer of claude-sonnet-4-5 here; the count is an estimate.",
        "m2m: gpt-99 is unknown; counted as cl100k_base.",
        stderr.split("\n")[2],
        "",
      ]);
      expect(stderr).to.match(
        new RegExp(
          `^4 requests, about ${open + closed + 2 * unknown} tokens; \\$\\S+ as input of the 2`,
          "m",
        ),
      );
    });

    it("counts each of several files as its own model does", () => {
      write("a", OPEN);
      write("b", UNKNOWN);
      const files = ["tokens", "--chat", "--file", "a", "--file", "b"];
      const { exact, inputs, ...rest } = json(files);
      expect(inputs.map((one: { encoding: string }) => one.encoding)).to.deep.equal([
        "o200k_base",
        "cl100k_base",
      ]);
      expect(exact).to.equal(false);
      expect(rest).not.to.have.any.keys("encoding", "model");
      const { stderr } = run(files);
      expect(stderr).to.match(/^a: messages \d+, tools 0, overhead 6 \(o200k_base\); /m);
      expect(stderr).to.include("m2m: b: gpt-99 is unknown; counted as cl100k_base.");
    });

    it("follows the flags before the request", () => {
      expect(json(["tokens", "--chat", "--model", "gpt-4", CLOSED]).inputs[0]).to.include({
        encoding: "cl100k_base",
        exact: true,
        model: "gpt-4",
      });
      // Asked for by name, the encoding is what is counted in, whatever the model.
      const { code, stderr } = run(["tokens", "--chat", "--encoding", "o200k", UNKNOWN]);
      expect([code, stderr.includes("unknown")]).to.deep.equal([0, false]);
    });

    it("says that parts are not counted, of one and of two", () => {
      const image = { type: "image_url", image_url: { url: "data:," } };
      const body = (content: object[]) =>
        JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content }] });
      expect(run(["tokens", "--chat", body([image])]).stderr).to.include("m2m: 1 part (");
      expect(run(["tokens", "--chat", body([image, image])]).stderr).to.match(/2 parts \(.+\) are not/);
    });
  });

  describe("an estimate", () => {
    it("is the same in tokens, analyze and compress --stats, and is called one", () => {
      const { tokens } = json(["tokens", "--model", "claude-sonnet-4-5", CLOSED]).inputs[0];
      for (const flags of [["--model", "claude-sonnet-4-5"], []]) {
        const analysis = json(["analyze", ...flags, CLOSED]);
        expect(analysis).to.include({
          tokens,
          exact: false,
          encoding: "heuristic",
          vocabulary: "cl100k_base",
        });
        expect(analysis.route.tokens).to.equal(tokens);
        const { stats } = json(["compress", "--stats", ...flags, CLOSED]);
        expect(stats).to.include({ tokens, exact: false, encoding: "heuristic" });
        expect(stats.costUsd).to.equal(analysis.cost.inputUsd);
      }
      expect(run(["analyze", CLOSED]).stdout)
        .to.include(`about ${tokens} (estimate)`)
        .and.to.include("about $");
      expect(run(["compress", "--stats", CLOSED]).stderr).to.include(`about ${tokens} → `);
    });

    it("of a model of one's own without an encoding says that it is missing", () => {
      write("models.toml", '[[models]]\nid = "mine"\ncontext_window = 1000\n');
      for (const args of [["tokens", "--model", "mine"], ["analyze"], ["compress", "--stats"]]) {
        expect(run([...args, "--models", "models.toml", bodyOf("mine")]).stderr, args[0]).to.include(
          "m2m: mine has no encoding in its models file; the count is an estimate.",
        );
      }
    });

    it("is a count for a model that is not known", () => {
      expect(json(["analyze", UNKNOWN])).to.include({ encoding: "cl100k_base", exact: false });
      expect(json(["compress", "--stats", UNKNOWN]).stats).to.include({
        encoding: "cl100k_base",
        exact: false,
      });
      for (const args of [["analyze"], ["compress", "--stats"], ["tokens", "--chat"]]) {
        expect(run([...args, UNKNOWN]).stderr, args[0]).to.include(
          "m2m: gpt-99 is unknown; counted as cl100k_base.",
        );
      }
    });
  });

  describe("a ratio", () => {
    it("is the same in analyze and compress --stats", () => {
      // 57 of 173 bytes: 32.948 %, which rounds to 0.3295, and that to 33.0 %.
      const request = `{"model":"gpt-4o","messages":[{"role":"system","content":"You are a concise assistant."},{"role":"user","content":"Summarize the attached report in three bullet points."}]}\n`;
      const shown = /\ndictionary +\d+ +([\d.]+) %/.exec(run(["analyze"], request).stdout)?.[1];
      const { stderr } = run(["compress", "--stats", "--algorithm", "dictionary"], request);
      expect(stderr).to.include(`ratio ${shown} %`);
    });
  });

  describe("decompress --pretty --json", () => {
    it("has the bytes of the content that it gives", () => {
      const { bytes, content } = json(["decompress", "--pretty", '#T1|{"M":"4o","é":1}']);
      expect(content).to.include('\n  "model": "gpt-4o"');
      expect(bytes).to.equal(Buffer.byteLength(content));
      expect(json(["decompress", '#T1|{"M":"4o"}']).bytes).to.equal('{"model":"gpt-4o"}'.length);
    });
  });

  describe("compress", () => {
    it("takes the body's model for tokens, not for the wire, and analyze shows that wire", () => {
      const body = bodyOf("gpt-4o").replace("Hello", "Hello ".repeat(30));
      const { data, stats } = json(["compress", "--stats", body]);
      expect(data).to.match(/^#TK\|C\|/);
      expect(stats).to.include({ encoding: "o200k_base", model: "gpt-4o" });
      const { candidates, vocabulary } = json(["analyze", body]);
      const row = candidates.find((one: { algorithm: string }) => one.algorithm === "token-native");
      expect([row.bytes, vocabulary]).to.deep.equal([data.length, "cl100k_base"]);
      expect(run(["analyze", body]).stdout).to.include("in cl100k_base");
      expect(json(["compress", "-m", "gpt-4o", body]).data).to.match(/^#TK\|O\|/);
    });

    it("has costs for wires that a model could read, and no others", () => {
      const body = bodyOf("gpt-4o").replace("Hello", "Hello ".repeat(30));
      for (const algorithm of ["none", "token", "token-native", "brotli", "m2m", "dictionary"]) {
        const args = ["compress", "--stats", "--algorithm", algorithm, body];
        const isReadable = ["none", "token"].includes(algorithm);
        const { stats } = json(args);
        expect([stats.costUsd > 0, stats.wireCostUsd !== undefined], algorithm).to.deep.equal([
          true,
          isReadable,
        ]);
        expect(run(args).stderr, algorithm).to.match(
          isReadable
            ? /\ncost +\$[\d.]+ → \$[\d.]+ \(input of gpt-4o\)\n/
            : /\ncost +\$[\d.]+ \(input of gpt-4o; a model cannot read the wire\)\n/,
        );
      }
    });

    it("has sizes and tokens of the same text where it drops something, of one and of many", () => {
      const request = '{ "model": "gpt-4o", "messages": [], "temperature": 1.0, "n": 1 }';
      const args = ["compress", "--drop-defaults", "--algorithm", "none"];
      const dropped = '{"model":"gpt-4o","messages":[]}';
      const sizes = { originalBytes: request.length, compressedBytes: dropped.length };
      const { stats, ...one } = json([...args, "--stats", request]);
      const ratio = Math.round((10_000 * dropped.length) / request.length) / 10_000;
      expect(one).to.include({ ...sizes, data: dropped });
      expect(one.ratio).to.be.closeTo(ratio, 0.005);
      expect([stats.tokens, stats.wireTokens]).to.deep.equal([
        json(["tokens", "--model", "gpt-4o", request]).inputs[0].tokens,
        json(["tokens", "--model", "gpt-4o", dropped]).inputs[0].tokens,
      ]);
      const lines = [...args, "--lines", "--stats"];
      const many = run([...lines, "--json"], `${request}\n${request}\n`)
        .stdout.trimEnd()
        .split("\n");
      for (const line of many) expect(JSON.parse(line)).to.include(sizes);
      expect(run(lines, `${request}\n${request}\n`).stderr).to.include(
        `2 messages, ${2 * request.length} → ${2 * dropped.length} bytes (`,
      );
    });

    it("says which flags do nothing", () => {
      for (const algorithm of ["none", "token", "token-native"]) {
        expect(run(["compress", "--algorithm", algorithm, "--quality", "3", "{}"]).stderr).to.equal(
          `m2m: ${algorithm} has no use for --quality.\n`,
        );
      }
      expect(run(["compress", "--algorithm", "brotli", "--quality", "3", "{}"]).stderr).to.equal("");
      expect(run(["compress", "--binary", "--stats", "short"]).stderr).to.include("the content's own bytes");
    });

    it("gives hints that can be followed", () => {
      expect(run(["compress", "--algorithm", "token-native"], Buffer.from([0xff])).stderr).to.include(
        "--algorithm brotli",
      );
      const deep = `${"[".repeat(40)}${"]".repeat(40)}`;
      expect(run(["compress", "--algorithm", "token", deep]).stderr).to.include("limits.max_json_depth");
      const wire = run(["compress", "--algorithm", "brotli"], "x".repeat(9999)).stdout;
      expect(run(["decompress", "--max-bytes", "99", wire]).stderr).to.include("Raise --max-bytes");
      const tokens = run(["tokens", "--max-bytes", "3", "hello"]);
      expect([tokens.code, tokens.stderr.includes("Raise --max-bytes")]).to.deep.equal([3, true]);
      expect(run(["tokens", "--lines", "--max-bytes", "3"], "abc\nabcd\n")).to.include({
        code: 3,
        stdout: "1\n",
      });
    });
  });

  it("names the file in errors, and nothing where there is only one input", () => {
    write("bad.json", "{]");
    const named = /^m2m: bad\.json: The JSON is invalid at offset 1/;
    expect(run(["compress", "--algorithm", "token", "--file", "bad.json"]).stderr).to.match(named);
    expect(run(["tokens", "--chat", "--file", "bad.json"]).stderr).to.match(named);
    expect(run(["tokens", "--chat"], "{]").stderr).to.match(/^m2m: The JSON is invalid/);
    expect(json(["tokens", "--chat", "--file", "bad.json"]).error).to.deep.include({
      code: "M2M_JSON_INVALID",
    });
    write("wire", "#TK|C|*");
    expect(run(["decompress", "--file", "wire"]).stderr).to.match(/^m2m: wire: /);
  });

  describe("analyze", () => {
    it("rounds figures, and has no ratio of nothing", () => {
      const { candidates, repetitionRatio } = json(["analyze", OPEN.repeat(3)]);
      const figures = candidates.flatMap((one: { ratio?: number; timeMs?: number }) => [
        one.ratio,
        one.timeMs,
      ]);
      for (const figure of [...figures, repetitionRatio].filter((one) => one !== undefined)) {
        expect(String(figure)).to.match(/^\d+(\.\d{1,4})?$/);
      }
      expect(run(["analyze", ""]).stdout).to.match(/^none +0 +- /m);
    });

    it("says that JSON is nested too deep", () => {
      const deep = `${"[".repeat(40)}${"]".repeat(40)}`;
      expect(json(["analyze", deep])).to.include({ isJson: false, jsonTooDeep: true });
      expect(run(["analyze", deep]).stdout).to.include("nested deeper than limits.max_json_depth");
      expect(json(["analyze", "[[]]"])).not.to.have.property("jsonTooDeep");
      expect(json(["analyze", "words"])).not.to.have.property("jsonTooDeep");
    });
  });
});
