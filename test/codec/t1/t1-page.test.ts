import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { encodeT1 } from "../../../src/codec/t1/index.js";
import { T1_MODEL_NAMES } from "../../../src/models/index.js";
import { minifyJsonText } from "../../../src/shared/json-text.js";
import { randomJsonText } from "./random-json.js";
import { parseRawTree, type RawTree } from "./slow-twin.js";

const page = readFileSync(new URL("../../../docs/spec/t1.md", import.meta.url), "utf8");

/** A decoder that knows nothing but the page: its tables by position. */
class PageDecoder {
  readonly keys = new Map<string, Map<string, { write: string; place: string }>>();
  readonly strings = new Map<string, Map<string, string>>();

  constructor() {
    for (const [place, long, short, value] of tableRows("Keys")) this.#addKey(place, long, short, value);
    for (const [place, long, short] of tableRows("Strings")) if (short) this.#addString(place, long, short);
    for (const line of modelLines())
      this.#addString("model", line.slice(line.indexOf(" ") + 1), line.split(" ")[0]);
    for (const [place, long, short] of tableRows("Dialect")) {
      if (!this.keys.has(place)) this.#addString(place, long, short);
      else this.#addKey(place, long, short, this.keys.get(place)?.get(long)?.place ?? "opaque");
    }
  }

  decode(wire: string): string {
    return this.#read(parseRawTree(wire.slice(4)), "root");
  }

  #read(tree: RawTree, place: string): string {
    switch (tree.kind) {
      case "raw":
        return tree.text;
      case "string": {
        const known = this.strings.get(place);
        return `"${known ? (known.get(tree.raw) ?? tree.raw.replace(/^~/, "")) : tree.raw}"`;
      }
      case "array": {
        const item = place.startsWith("list of ") ? place.slice("list of ".length) : "opaque";
        return `[${tree.items.map((value) => this.#read(value, item)).join(",")}]`;
      }
      case "object": {
        const known = this.keys.get(place);
        const members = tree.members.map(([key, value]) => {
          const row = known?.get(key);
          const write = row?.write ?? (known ? key.replace(/^~/, "") : key);
          return `"${write}":${this.#read(value, row?.place ?? "opaque")}`;
        });
        return `{${members.join(",")}}`;
      }
    }
  }

  #addKey(place: string, long: string, short: string, value: string): void {
    const table = this.keys.get(place) ?? new Map<string, { write: string; place: string }>();
    this.keys.set(place, table);
    if (!table.has(long)) table.set(long, { write: long, place: value });
    if (!table.has(short)) table.set(short, { write: long, place: value });
  }

  #addString(place: string, long: string, short: string): void {
    const table = this.strings.get(place) ?? new Map<string, string>();
    this.strings.set(place, table);
    if (!table.has(long)) table.set(long, long);
    if (!table.has(short)) table.set(short, long);
  }
}

function section(title: string): string {
  const from = page.indexOf(`\n## ${title}\n`);
  expect(from, title).to.be.greaterThan(0);
  const to = page.indexOf("\n## ", from + 1);
  return page.slice(from, to < 0 ? undefined : to);
}

/** Cells of the section's table rows, without heads, rules and back-quotes. */
function tableRows(title: string): string[][] {
  return section(title)
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (---|\w+ at )/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
}

function modelLines(): string[] {
  return section("Model names").split("```")[1].split("\n").slice(1, -1);
}

describe("docs/spec/t1.md", () => {
  const decoder = new PageDecoder();

  it("is enough to write a decoder", () => {
    fc.assert(
      fc.property(randomJsonText(), (text) => {
        expect(decoder.decode(encodeT1(text))).to.equal(minifyJsonText(text));
      }),
      { numRuns: 2000 },
    );
  });

  it("is the whole table: every short name that is written is on it", () => {
    for (const [place, table] of decoder.keys) expect(table.size, place).to.be.greaterThan(1);
    const roles = decoder.strings.get("role") ?? new Map<string, string>();
    for (const [name, long] of roles) {
      const wire = encodeT1(`{"messages":[{"role":"${name}"}]}`);
      expect(wire).to.match(name === long ? /"r":"[suaft]"/ : /"r":"~/);
    }
    const models = decoder.strings.get("model") ?? new Map<string, string>();
    for (const [name, long] of models) {
      const wire = encodeT1(`{"model":"${name}"}`);
      if (name !== long) expect(wire).to.equal(`#T1|{"M":"~${name}"}`);
    }
  });

  it("has the examples right", () => {
    for (const [content, body] of tableRows("Escapes").slice(1))
      expect(encodeT1(content)).to.equal(`#T1|${body}`);
    const [content, wire] = page.split("```text\n")[1].split("\n");
    expect(encodeT1(content)).to.equal(wire);
  });

  it("lists the models of the catalog's table, in order", () => {
    expect(modelLines()).to.deep.equal(T1_MODEL_NAMES.map(([model, short]) => `${short} ${model}`));
  });
});

describe("the table of model names", () => {
  const frozen = JSON.parse(
    readFileSync(new URL("../../vectors/t1/model-names.json", import.meta.url), "utf8"),
  ) as [string, string][];

  it("never changes; what is appended begins with a colon", () => {
    expect(T1_MODEL_NAMES.slice(0, frozen.length)).to.deep.equal(frozen);
    for (const [model, short] of T1_MODEL_NAMES.slice(frozen.length)) expect(short, model).to.match(/^:/);
  });

  it("never names two models, or a model by another's name", () => {
    const models = new Set(T1_MODEL_NAMES.map(([model]) => model));
    const shorts = new Set(T1_MODEL_NAMES.map(([, short]) => short));
    expect(models.size).to.equal(T1_MODEL_NAMES.length);
    expect(shorts.size).to.equal(T1_MODEL_NAMES.length);
    for (const short of shorts) expect(models.has(short), short).to.equal(false);
    for (const name of [...models, ...shorts]) expect(name).to.match(/^[\w.:/-]+$/);
  });
});
