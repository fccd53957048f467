import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { ModelRegistry } from "../../src/models/index.js";
import { Sandbox } from "../helpers/m2m-process.js";

const OWN = `[[models]]
id = "acme-1"
provider = "acme"
encoding = "llama"
context_window = 4096
price = { input_usd_per_million = 0.125 }
as_of = 2026-01-31
`;
const OWN_ROW = "acme-1\tacme\t4096\t0.125\t-\tllama\tchat\t-\t-\t2026-01-31\n";

describe("m2m models", () => {
  const registry = new ModelRegistry();
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  describe("list", () => {
    it("prints a row of plain, tab-separated facts for each model where there is no terminal", () => {
      const { code, stdout, stderr } = sandbox.run(["models", "list"]);
      expect([code, stderr]).to.deep.equal([0, ""]);
      const rows = stdout.trimEnd().split("\n");
      expect(rows.map((row) => row.split("\t")[0])).to.deep.equal(registry.list().map((card) => card.id));
      expect(rows.every((row) => row.split("\t").length === 10)).to.equal(true);
      expect(rows[0]).to.equal(
        "gpt-4o\topenai\t128000\t2.50\t10.00\to200k_base\tchat\t16384\ttools,vision\t2026-07-24",
      );
      expect(stdout).not.to.include("\u001b");
    });

    it("filters", () => {
      const { stdout } = sandbox.run(
        "models list --provider openai --kind embedding --encoding cl100k_base".split(" "),
      );
      expect(stdout.trimEnd().split("\n")).to.have.length(3);
      expect(stdout).to.match(/^text-embedding-3-large\topenai\t8191\t0\.13\t-\t/);
    });

    it("prints the cards as one JSON document", () => {
      const { code, stdout, stderr } = sandbox.run(["models", "list", "--json"]);
      expect([code, stderr]).to.deep.equal([0, ""]);
      expect(JSON.parse(stdout)).to.deep.equal({
        version: 1,
        models: JSON.parse(JSON.stringify(registry.list())),
      });
    });

    it("colours nothing in a pipe, and with NO_COLOR not even when forced", () => {
      const forced = { FORCE_COLOR: "1" };
      expect(sandbox.run(["models", "info", "gpt-4o"], forced).stdout).to.include("\u001b[");
      for (const [args, env] of [
        [["models", "info", "gpt-4o"], {}],
        [["models", "info", "gpt-4o"], { ...forced, NO_COLOR: "1" }],
        [["models", "info", "gpt-4o", "--no-color"], forced],
        [["models", "info", "gpt-4o", "--json"], forced],
        [["models", "list"], forced],
      ] as const) {
        expect(sandbox.run(args, env).stdout, args.join(" ")).not.to.include("\u001b");
      }
    });

    it("says so if nothing is left", () => {
      const args = ["models", "list", "--provider", "openai", "--encoding", "llama"];
      expect(sandbox.run(args)).to.deep.equal({ code: 0, stdout: "", stderr: "No model is all of that.\n" });
      expect(JSON.parse(sandbox.run([...args, "--json"]).stdout)).to.deep.equal({ version: 1, models: [] });
    });

    it("takes the short names of encodings, as other commands do", () => {
      for (const [short, long] of [
        ["o200k", "o200k_base"],
        ["cl100k", "cl100k_base"],
        ["llama3", "llama"],
      ]) {
        const { stdout } = sandbox.run(["models", "list", "--encoding", short]);
        expect(stdout.split("\n").length, short).to.be.greaterThan(2);
        expect(sandbox.run(["models", "list", "--encoding", long]).stdout).to.equal(stdout);
      }
    });

    it("refuses an unknown provider, with the nearest", () => {
      const { code, stdout, stderr } = sandbox.run(["models", "list", "--provider", "antropic"]);
      expect([code, stdout]).to.deep.equal([2, ""]);
      expect(stderr).to.equal('m2m: There is no provider "antropic".\n  Did you mean anthropic?\n');
    });

    it("refuses an unknown kind", () => {
      const { code, stdout, stderr } = sandbox.run(["models", "list", "--kind", "talk"]);
      expect([code, stdout]).to.deep.equal([2, ""]);
      expect(stderr).to.include("--kind").and.to.include("talk");
    });
  });

  describe("info", () => {
    it("prints the facts, aligned", () => {
      const { code, stdout, stderr } = sandbox.run(["models", "info", "OpenAI/gpt-4o"]);
      expect([code, stderr]).to.deep.equal([0, ""]);
      expect(stdout).to.equal(
        [
          "Model           gpt-4o",
          "Also            gpt-4o-2024-11-20, gpt-4o-2024-08-06",
          "Provider        openai",
          "Kind            chat",
          "Encoding        o200k_base",
          "Context window  128,000 tokens",
          "Max output      16,384 tokens",
          "Input           $2.50 per million tokens",
          "Cached input    $1.25 per million tokens",
          "Output          $10.00 per million tokens",
          "Can             tools, vision",
          "T1 name         4o",
          "Facts of        2026-07-24",
          "",
        ].join("\n"),
      );
    });

    it("says what is not known", () => {
      const { stdout } = sandbox.run(["models", "info", "llama-4-scout"]);
      expect(stdout).to.include("price unknown").and.to.include("counts are estimates");
    });

    it("notes on stderr that a snapshot is read as its model", () => {
      const args = ["models", "info", "gpt-4o-2099-01-31"];
      expect(sandbox.run(args).stderr).to.equal("gpt-4o-2099-01-31 is read as gpt-4o.\n");
      expect(sandbox.run([...args, "--quiet"]).stderr).to.equal("");
    });

    it("notes on stderr that a snapshot may be older than what is known", () => {
      const { stdout, stderr } = sandbox.run(["models", "info", "openai/gpt-3.5-turbo-0613"]);
      expect(stderr).to.equal(
        "gpt-3.5-turbo-0613 may be older than what is known of gpt-3.5-turbo, whose facts these are.\n",
      );
      expect(stdout).to.include("price unknown");
    });

    it("prints the card as JSON", () => {
      const { stdout } = sandbox.run(["models", "info", "openai/o3", "--json"]);
      expect(JSON.parse(stdout)).to.deep.equal({
        version: 1,
        name: "openai/o3",
        model: JSON.parse(JSON.stringify(registry.get("o3"))),
      });
    });

    it("refuses an unknown model, with the nearest", () => {
      const { code, stdout, stderr } = sandbox.run(["models", "info", "gpt-4oo"]);
      expect([code, stdout]).to.deep.equal([2, ""]);
      expect(stderr).to.match(/^m2m: There is no model "gpt-4oo"\.\n {2}Did you mean gpt-4o, /);
      const json = sandbox.run(["models", "info", "gpt-4oo", "--json"]);
      expect([json.code, json.stderr]).to.deep.equal([2, ""]);
      expect(JSON.parse(json.stdout).error).to.include({
        code: "M2M_MODEL_UNKNOWN",
        message: 'There is no model "gpt-4oo".',
      });
    });

    it("refuses a missing name", () => {
      const { code, stdout, stderr } = sandbox.run(["models", "info"]);
      expect([code, stdout]).to.deep.equal([2, ""]);
      expect(stderr).to.match(/name/i);
    });
  });

  describe("search", () => {
    it("prints what list prints, best first", () => {
      const { code, stdout, stderr } = sandbox.run(["models", "search", "mini gpt-4o"]);
      expect([code, stderr]).to.deep.equal([0, ""]);
      expect(stdout).to.match(/^gpt-4o-mini\topenai\t/);
    });

    it("prints JSON", () => {
      const document = JSON.parse(sandbox.run(["models", "search", "voyage code", "--json"]).stdout);
      expect(document).to.include({ version: 1, query: "voyage code" });
      expect(document.models.map((model: { id: string }) => model.id)).to.deep.equal(["voyage-code-3"]);
    });

    it("finds nothing without failing, and suggests", () => {
      const { code, stdout, stderr } = sandbox.run(["models", "search", "cluade-3-opus"]);
      expect([code, stdout]).to.deep.equal([0, ""]);
      expect(stderr).to.match(/^No model matches "cluade-3-opus"\. Did you mean claude-3-opus/);
    });
  });

  describe("with models of one's own", () => {
    for (const [how, args, env, file] of [
      ["~/.m2m/models.toml", [], {}, ".m2m/models.toml"],
      ["M2M_HOME", [], { M2M_HOME: "../other" }, "other/models.toml"],
      ["M2M_MODELS_FILE", [], { M2M_MODELS_FILE: "mine.toml" }, "project/mine.toml"],
      ["--models", ["--models", "mine.toml"], {}, "project/mine.toml"],
    ] as const) {
      it(`takes them from ${how}`, () => {
        sandbox.write(file, OWN);
        const { code, stdout, stderr } = sandbox.run(["models", "list", "--provider", "acme", ...args], env);
        expect([code, stdout, stderr]).to.deep.equal([0, OWN_ROW, ""]);
      });
    }

    it("names file, line and key of what is wrong", () => {
      const path = sandbox.write(".m2m/models.toml", OWN.replace("4096", '"4096"'));
      const { code, stdout, stderr } = sandbox.run(["models", "list"]);
      expect([code, stdout]).to.deep.equal([2, ""]);
      expect(stderr).to.equal(
        `m2m: ${path}:5: models[0].context_window: context_window is an integer of at least 1.\n`,
      );
    });

    it("refuses a file that is not UTF-8", () => {
      const path = sandbox.write("project/mine.toml", "");
      writeFileSync(path, Buffer.from("# caf\xe9", "latin1"));
      const { code, stdout } = sandbox.run(["models", "list", "--models", "mine.toml", "--json"]);
      expect([code, JSON.parse(stdout).error.code]).to.deep.equal([2, "M2M_MODELS_FILE_INVALID"]);
    });

    it("refuses a file that is not there", () => {
      const { code, stdout, stderr } = sandbox.run(["models", "list", "--models", "nowhere.toml"]);
      expect([code, stdout]).to.deep.equal([4, ""]);
      expect(stderr).to.match(/^m2m: Cannot read .*nowhere\.toml: /);
    });
  });
});
