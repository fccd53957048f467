import { createHash } from "node:crypto";
import { expect } from "chai";
import { T1_MODEL_NAMES } from "../../src/models/index.js";
import { catalog } from "../../src/models/catalog.js";

/** One row for each release that appended names. Rows are added here, never changed: the wire depends on them. */
const PINS = [{ rows: 354, sha256: "0e747022ce885d4dc14d22a4a13eafd95fc6a70fe90c988cd8547f06b3efdc2b" }];

/** Model names of the published dialect, which the decoder reads as such. */
const DIALECT =
  "g4o g4om g4t g4 g35t l31405 l3170 l318 l3370 mll msl mx87 mx822 dv3 dr1 dc q2572 q2532 qc32".split(" ");

describe("T1 model names", () => {
  it("never change once they are on the wire", () => {
    for (const { rows, sha256 } of PINS) {
      const text = JSON.stringify(T1_MODEL_NAMES.slice(0, rows));
      expect(createHash("sha256").update(text).digest("hex"), `first ${rows} rows`).to.equal(sha256);
    }
    expect(PINS.at(-1)?.rows, "pin the appended rows").to.equal(T1_MODEL_NAMES.length);
  });

  it("include the published table", () => {
    const names = new Map(T1_MODEL_NAMES);
    for (const [model, short] of [
      ["gpt-4o", "4o"],
      ["gpt-4o-mini", "4om"],
      ["gpt-4o-2024-11-20", "4o1120"],
      ["gpt-4o-2024-08-06", "4o0806"],
      ["gpt-4-turbo", "4t"],
      ["gpt-4-turbo-preview", "4tp"],
      ["gpt-4", "4"],
      ["gpt-4-32k", "432k"],
      ["gpt-3.5-turbo", "35t"],
      ["gpt-3.5-turbo-16k", "35t16k"],
      ["o1-mini", "o1m"],
      ["o1-preview", "o1p"],
      ["o3-mini", "o3m"],
      ["meta-llama/llama-3.1-405b-instruct", "ml31405i"],
      ["mistralai/mistral-large-latest", "mim-ll"],
      ["deepseek/deepseek-chat", "ddchat"],
      ["qwen/qwen-2.5-coder-32b", "qqc32"],
    ]) {
      expect(names.get(model), model).to.equal(short);
    }
  });

  it("are one to one", () => {
    expect(new Set(T1_MODEL_NAMES.map(([model]) => model)).size).to.equal(T1_MODEL_NAMES.length);
    expect(new Set(T1_MODEL_NAMES.map(([, short]) => short)).size).to.equal(T1_MODEL_NAMES.length);
  });

  it("are shorter than the name, plain, and no name of a model or of the published dialect", () => {
    const taken = new Set([
      ...DIALECT,
      ...catalog().flatMap((card) => [card.id, ...card.aliases]),
      ...T1_MODEL_NAMES.map(([model]) => model),
    ]);
    for (const [model, short] of T1_MODEL_NAMES) {
      expect(short.length, model).to.be.lessThan(model.length);
      expect(short, model).to.match(/^:?[a-z0-9-]+$/);
      expect(model).to.match(/^[a-z0-9./:-]+$/);
      expect(taken.has(short), `${short} for ${model}`).to.equal(false);
    }
  });

  it("are the ones on the cards", () => {
    const names = new Map(T1_MODEL_NAMES);
    for (const card of catalog()) expect(card.t1Name, card.id).to.equal(names.get(card.id));
  });
});
