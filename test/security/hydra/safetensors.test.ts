import { expect } from "chai";
import fc from "fast-check";
import { readMatrix, readTable, readVector } from "../../../src/security/hydra/floats.js";
import { parseConfig } from "../../../src/security/hydra/config.js";
import { readSafetensors } from "../../../src/security/hydra/safetensors.js";
import { readWeights } from "../../../src/security/hydra/weights.js";
import { M2MError } from "../../../src/shared/errors.js";
import { createRandom, mutate, randomBytes } from "../../fuzz/mutate.js";
import { catchM2MError } from "../../helpers/catch-error.js";
import { packTensors, toHalf, writeSafetensors } from "../../helpers/safetensors.js";
import { OWN_SHAPE, PUBLISHED_SHAPE, randomTensors } from "./random-model.js";

/** A file with this header text and data. */
function fileOf(header: string, dataBytes: number): Uint8Array {
  const json = Buffer.from(header);
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setUint32(0, json.length, true);
  file.set(json, 8);
  return file;
}
const entry = (dtype: string, shape: unknown, offsets: unknown) => ({ dtype, shape, data_offsets: offsets });
const codeOf = (file: Uint8Array) => catchM2MError(() => readSafetensors(file)).code;

describe("safetensors", () => {
  it("gives the tensors with their types, shapes and bytes", () => {
    const header = {
      __metadata__: { a: "b" },
      x: entry("F32", [1, 2], [0, 8]),
      none: entry("F32", [0], [8, 8]),
      y: entry("I8", [3], [8, 11]),
    };
    const tensors = readSafetensors(fileOf(JSON.stringify(header), 11));
    expect([...tensors.keys()]).to.deep.equal(["x", "none", "y"]);
    expect(tensors.get("x")).to.deep.include({ type: "F32", shape: [1, 2] });
    expect(tensors.get("x")!.bytes.length).to.equal(8);
    expect(tensors.get("y")!.bytes.length).to.equal(3);
  });

  const bad: [string, unknown, number][] = [
    ["overlap", { x: entry("I8", [4], [0, 4]), y: entry("I8", [4], [3, 7]) }, 7],
    ["share their bytes", { x: entry("I8", [4], [0, 4]), y: entry("I8", [4], [0, 4]) }, 4],
    ["leave a gap", { x: entry("I8", [4], [0, 4]), y: entry("I8", [4], [5, 9]) }, 9],
    ["begin late", { x: entry("I8", [4], [1, 5]) }, 5],
    ["leave bytes at the end", { x: entry("I8", [4], [0, 4]) }, 5],
    ["reach beyond the file", { x: entry("I8", [9], [0, 9]) }, 8],
    ["end before they begin", { x: entry("I8", [0], [4, 0]) }, 4],
    ["have negative sizes", { x: entry("I8", [-2, -2], [0, 4]) }, 4],
    ["have fractions for sizes", { x: entry("I8", [2.5, 2], [0, 5]) }, 5],
    ["have sizes whose product is huge", { x: entry("F32", [2 ** 40, 2 ** 40], [0, 0]) }, 0],
    [
      "have sizes whose product passes what a number holds",
      { x: entry("I8", [2 ** 52, 2 ** 52, 2 ** 52], [0, 8]) },
      8,
    ],
    ["have another size than their shape", { x: entry("F32", [2], [0, 4]) }, 4],
    ["have an unknown type", { x: entry("F31", [1], [0, 4]) }, 4],
    ["have a type of the prototype", { x: entry("constructor", [1], [0, 4]) }, 4],
    ["have no offsets", { x: { dtype: "I8", shape: [4] } }, 4],
    ["have three offsets", { x: entry("I8", [4], [0, 4, 4]) }, 4],
    ["have strings for offsets", { x: entry("I8", [4], ["0", "4"]) }, 4],
    ["have too many dimensions", { x: entry("I8", [1, 1, 1, 1, 1, 1, 1, 1, 1], [0, 1]) }, 1],
    ["are no objects", { x: 5 }, 0],
    ["are null", { x: null }, 0],
  ];
  for (const [what, header, dataBytes] of bad) {
    it(`refuses tensors that ${what}`, () => {
      expect(codeOf(fileOf(JSON.stringify(header), dataBytes))).to.equal("M2M_WEIGHTS_INVALID");
    });
  }

  it("refuses headers that are none", () => {
    for (const header of ["", "[]", "null", "{", "\xff", "[".repeat(100_000), '{"__proto__": 1}']) {
      expect(codeOf(fileOf(header, 0)), header.slice(0, 20)).to.equal("M2M_WEIGHTS_INVALID");
    }
    for (const length of [0, 7]) expect(codeOf(new Uint8Array(length))).to.equal("M2M_WEIGHTS_INVALID");
  });

  it("refuses a header longer than the file, or than any model needs, before it is read", () => {
    const file = fileOf("{}", 100);
    const view = new DataView(file.buffer);
    for (const [low, high] of [
      [200, 0],
      [2 ** 24, 0],
      [0xffffffff, 0xffffffff],
      [2, 1],
    ]) {
      view.setUint32(0, low, true);
      view.setUint32(4, high, true);
      expect(codeOf(file)).to.equal("M2M_WEIGHTS_INVALID");
    }
  });

  it("reads a file that lies at an odd place in memory", () => {
    const whole = writeSafetensors([{ name: "x", type: "F32", shape: [2], values: [1.5, -2] }]);
    const moved = new Uint8Array(whole.length + 3);
    moved.set(whole, 3);
    expect(Array.from(readVector(readSafetensors(moved.subarray(3)), "x", 2))).to.deep.equal([1.5, -2]);
  });

  it("reads a Buffer whose header has an odd length", () => {
    const header = JSON.stringify({ x: entry("F32", [2], [0, 8]), y: entry("F16", [2], [8, 12]) });
    for (let blanks = 0; blanks < 8; blanks++) {
      const file = Buffer.from(fileOf(header + " ".repeat(blanks), 12));
      file.writeFloatLE(1.5, file.length - 12);
      file.writeFloatLE(-2, file.length - 8);
      file.writeUInt16LE(toHalf(0.5), file.length - 4);
      const tensors = readSafetensors(file);
      expect(Array.from(readVector(tensors, "x", 2)), `${blanks}`).to.deep.equal([1.5, -2]);
      expect(Array.from(readVector(tensors, "y", 2)), `${blanks}`).to.deep.equal([0.5, 0]);
    }
  });

  it("reads 16-bit floats as they are meant, every one", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const bytes = new Uint8Array(all.buffer);
    const tensors = readSafetensors(packTensors([{ name: "x", type: "F16", shape: [65536], bytes }]));
    const values = readVector(tensors, "x", 65536);
    expect([
      values[0],
      values[1],
      values[0x3c00],
      values[0xc000],
      values[0x7bff],
      values[0x0400],
    ]).to.deep.equal([0, 2 ** -24, 1, -2, 65504, 2 ** -14]);
    expect([values[0x7c00], values[0xfc00]]).to.deep.equal([Infinity, -Infinity]);
    all.forEach((half) => {
      if (Number.isNaN(values[half])) expect(half & 0x7fff).to.be.greaterThan(0x7c00);
      else expect(toHalf(values[half])).to.equal(half);
    });
  });

  it("reads bfloat16 and scaled bytes within their precision", () => {
    const values = Array.from({ length: 60 }, (_, i) => Math.sin(i) * 2 ** (i % 7));
    for (const [type, error] of [
      ["BF16", 2 ** -7],
      ["I8", 1 / 127],
      ["F16", 2 ** -10],
      ["F32", 2 ** -23],
    ] as const) {
      const tensors = readSafetensors(writeSafetensors([{ name: "x", type, shape: [6, 10], values }]));
      const { rows, cols, values: read } = readMatrix(tensors, "x");
      expect([rows, cols]).to.deep.equal([6, 10]);
      values.forEach((value, i) => {
        const row = values.slice(Math.floor(i / 10) * 10, Math.floor(i / 10) * 10 + 10).map(Math.abs);
        const size = type === "I8" ? Math.max(...row) : Math.abs(value);
        expect(Math.abs(read[i] - value), `${type} ${i}`).to.be.at.most(size * error);
      });
    }
  });

  it("keeps a table of bytes as bytes, and needs its scales", () => {
    const tensors = readSafetensors(
      writeSafetensors([{ name: "x", type: "I8", shape: [3, 4], values: new Float32Array(12) }]),
    );
    expect(readTable(tensors, "x").values).to.be.instanceOf(Int8Array);
    const without = new Map([...tensors].filter(([name]) => name === "x"));
    expect(catchM2MError(() => readTable(without, "x")).code).to.equal("M2M_WEIGHTS_INVALID");
  });
});

describe("weights", () => {
  for (const [layout, shape] of [
    ["published", PUBLISHED_SHAPE],
    ["own", OWN_SHAPE],
  ] as const) {
    const sources = randomTensors(shape, 1);

    it(`of the ${layout} layout need every tensor they name, but for the gate's bias and whole branches`, () => {
      for (const { name } of sources) {
        const without = writeSafetensors(sources.filter((source) => source.name !== name));
        // A file without the threat head has n-grams of another width, so that is refused as well.
        const optional = name.endsWith("gate.bias") || name === "ngram.weight";
        if (optional) expect(() => readWeights(without), name).not.to.throw();
        else expect(catchM2MError(() => readWeights(without)).code, name).to.equal("M2M_WEIGHTS_INVALID");
      }
    });

    it(`of the ${layout} layout refuse every tensor of another shape`, () => {
      for (const changed of sources) {
        const shapes =
          changed.shape.length === 1
            ? [[changed.shape[0] + 1]]
            : [[changed.shape[0], changed.shape[1] + 1], [changed.shape[0] * changed.shape[1]]];
        for (const other of shapes) {
          if (other.length === 1 && changed.type === "I8") continue;
          const values = new Float32Array(other.reduce((a, b) => a * b));
          const file = writeSafetensors(
            sources.map((source) => (source === changed ? { ...source, shape: other, values } : source)),
          );
          expect(catchM2MError(() => readWeights(file)).code, `${changed.name} ${other.join()}`).to.equal(
            "M2M_WEIGHTS_INVALID",
          );
        }
      }
    });
  }

  it("that are damaged give no error but one of the taxonomy", function () {
    this.timeout(60_000);
    const small = { ...OWN_SHAPE, vocabSize: 6, hiddenSize: 4, layers: [[[3], [2, 2]]], ngramBuckets: 5 };
    const seeds = [
      writeSafetensors(randomTensors(small, 1)),
      writeSafetensors(randomTensors({ ...small, own: false, ngramBuckets: 0 }, 1)),
    ];
    let accepted = 0;
    fc.assert(
      fc.property(fc.nat(), fc.nat(1), (seed, which) => {
        const random = createRandom(seed);
        const file = random(50) === 0 ? randomBytes(random, random(200)) : mutate(seeds[which], random);
        try {
          parseConfig(undefined, readWeights(file));
          accepted++;
        } catch (error) {
          if (!(error instanceof M2MError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
    // Some mutations touch only values: both ways are taken.
    expect(accepted).to.be.within(10, 2900);
  });
});
