import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { convertHydraModel, HydraModel, type HydraLoadOptions } from "../../../src/security/hydra/index.js";
import type { HydraDevice } from "../../../src/shared/security-options.js";
import { rejection } from "../../helpers/catch-error.js";
import { requirePeer } from "../../helpers/peers.js";
import { writeSafetensors } from "../../helpers/safetensors.js";
import {
  OWN_SHAPE,
  PUBLISHED_SHAPE,
  randomTensors,
  randomTexts,
  writeModelFolder,
  type ModelFolder,
} from "./random-model.js";

/** What importing a package that is not installed throws. */
const missingWith = (code: string) => async (): Promise<never> => {
  throw Object.assign(new Error("Cannot find package 'onnxruntime-node'"), { code });
};
const missing = missingWith("ERR_MODULE_NOT_FOUND");

describe("Hydra in ONNX Runtime", function () {
  this.timeout(120_000);
  const folders: ModelFolder[] = [];
  const makeFolder = (...args: Parameters<typeof writeModelFolder>): string => {
    const made = writeModelFolder(...args);
    folders.push(made);
    return made.folder;
  };
  after(() => folders.forEach((made) => made.remove()));

  for (const [name, shape, config] of [
    ["published layout", PUBLISHED_SHAPE, undefined],
    ["own layout", OWN_SHAPE, { windows: [{ tokens: 48, stride: 24 }] }],
    [
      "own layout, other settings",
      OWN_SHAPE,
      { top_k: 3, layer_norm_eps: 1e-3, ngram: { orders: [2], pooling: "mean" } },
    ],
    ["one expert of each layer", { ...PUBLISHED_SHAPE, layers: [[[8]], [[4, 5]]] }, undefined],
  ] as const) {
    it(`equals the native engine on 1,000 texts: ${name}`, async function () {
      requirePeer(this, "onnx");
      const folder = makeFolder(shape, 21, config);
      const native = await HydraModel.load(folder);
      const onnx = await HydraModel.load(folder, { engine: "onnx" });
      expect([onnx.engine, onnx.device, onnx.notes]).to.deep.equal(["onnx", "cpu", []]);
      const texts = ["", " ", ...randomTexts(998, 60, 8)];
      const wanted = await native.predictBatch(texts);
      const found = await onnx.predictBatch(texts);
      found.forEach((prediction, i) => {
        expect(prediction.engine).to.equal("onnx");
        expect(prediction.windowCount).to.equal(wanted[i].windowCount);
        for (const head of ["security", "compression", "threat"] as const) {
          for (const [label, value] of Object.entries(wanted[i][head]?.probabilities ?? {})) {
            expect(prediction[head]!.probabilities[label], `${head} ${label} of text ${i}`).to.be.closeTo(
              value,
              1e-4,
            );
          }
        }
      });
      const unsafe = wanted.map(({ security }) => security.probabilities.UNSAFE);
      expect(Math.max(...unsafe) - Math.min(...unsafe), "the texts differ").to.be.greaterThan(0.05);
      await onnx.close();
    });
  }

  it("takes the lower of two experts that the gate likes alike, as the native engine does", async function () {
    requirePeer(this, "onnx");
    const folder = makeFolder({ ...PUBLISHED_SHAPE, layers: [[[16], [33], [10, 12], [7]]] }, 5, { top_k: 2 });
    // A gate of zeros: all four are equal, and 0 and 1 are taken.
    const tensors = randomTensors({ ...PUBLISHED_SHAPE, layers: [[[16], [33], [10, 12], [7]]] }, 5).map(
      (tensor) =>
        tensor.name.includes("gate") ? { ...tensor, values: new Float32Array(tensor.values.length) } : tensor,
    );
    writeFileSync(join(folder, "model.safetensors"), writeSafetensors(tensors));
    const native = await (await HydraModel.load(folder)).scoreWindows("alike");
    const onnx = await (await HydraModel.load(folder, { engine: "onnx" })).scoreWindows("alike");
    native[0].logits.security.forEach((logit, i) =>
      expect(onnx[0].logits.security[i]).to.be.closeTo(logit, 1e-4),
    );
  });

  it("uses a model.onnx that was made from these weights, and no other", async function () {
    requirePeer(this, "onnx");
    const folder = makeFolder(OWN_SHAPE, 6);
    const converted = convertHydraModel(folder);
    writeFileSync(join(folder, "model.onnx"), converted);
    const kept = await HydraModel.load(folder, { engine: "onnx" });
    expect(kept.notes).to.deep.equal([]);
    const other = makeFolder(OWN_SHAPE, 7);
    const without = await HydraModel.load(other, { engine: "onnx" });
    for (const foreign of [converted, Buffer.from("no model")]) {
      writeFileSync(join(other, "model.onnx"), foreign);
      const model = await HydraModel.load(other, { engine: "onnx" });
      expect(model.notes.join()).to.match(/model\.onnx .* is not used/);
      expect((await model.scoreWindows("the system"))[0]).to.deep.equal(
        (await without.scoreWindows("the system"))[0],
      );
    }
  });

  it("keeps tables of bytes as bytes: the file is about as large as the weights", () => {
    const shape = { ...OWN_SHAPE, vocabSize: 5000, hiddenSize: 64, layers: [[[8], [8]]], ngramBuckets: 4096 };
    const folder = makeFolder(shape, 6);
    const embedding = 5000 * (64 + 4);
    expect(convertHydraModel(folder).length).to.be.within(embedding, embedding * 1.4);
  });

  it("falls back to the CPU with a note if the device is not there", async function () {
    requirePeer(this, "onnx");
    const folder = makeFolder(OWN_SHAPE, 6);
    // On no machine are there both.
    const devices: HydraDevice[] = ["dml", "coreml"];
    const models = await Promise.all(devices.map((device) => HydraModel.load(folder, { device })));
    const fallen = models.filter(({ device }) => device === "cpu");
    expect(fallen.length).to.be.greaterThan(0);
    for (const model of fallen) {
      expect(model.engine).to.equal("onnx");
      expect(model.notes.join()).to.match(/(dml|coreml) .*; Hydra runs on cpu/);
      expect((await model.predict("a")).engine).to.equal("onnx");
    }
  });

  it("names the command that installs the package if it is missing", async () => {
    const folder = makeFolder(OWN_SHAPE, 6);
    for (const options of [
      { engine: "onnx" },
      { device: "cuda" },
      { engine: "onnx", device: "auto" },
    ] as HydraLoadOptions[]) {
      const error = await rejection(HydraModel.load(folder, { ...options, loadOnnxRuntime: missing }));
      expect([error.family, error.code]).to.deep.equal(["UnsupportedError", "M2M_PACKAGE_MISSING"]);
      expect(error.hint).to.include("npm install onnxruntime-node --onnxruntime-node-install=skip");
      expect(error.hint).to.include("--onnxruntime-node-install=cuda12");
    }
  });

  it("knows a package that is missing where it is required, and tells it from one that does not load", async () => {
    const folder = makeFolder(OWN_SHAPE, 6);
    const messageOf = async (code: string) =>
      (await rejection(HydraModel.load(folder, { engine: "onnx", loadOnnxRuntime: missingWith(code) })))
        .message;
    expect(await messageOf("MODULE_NOT_FOUND")).to.include("is not installed");
    expect(await messageOf("ERR_DLOPEN_FAILED")).to.include("does not load");
  });

  it("runs natively, with a note, where the choice is left to it and the package is missing", async () => {
    const folder = makeFolder(OWN_SHAPE, 6);
    const model = await HydraModel.load(folder, { device: "auto", loadOnnxRuntime: missing });
    expect([model.engine, model.device]).to.deep.equal(["native", "cpu"]);
    expect(model.notes.join()).to.include("onnxruntime-node is not installed");
  });

  it("needs no package for the native engine, and says that it knows the CPU only", async () => {
    const folder = makeFolder(OWN_SHAPE, 6);
    expect((await HydraModel.load(folder, { device: "cpu", loadOnnxRuntime: missing })).notes).to.deep.equal(
      [],
    );
    const model = await HydraModel.load(folder, {
      engine: "native",
      device: "cuda",
      loadOnnxRuntime: missing,
    });
    expect([model.engine, model.device]).to.deep.equal(["native", "cpu"]);
    expect(model.notes.join()).to.include("cpu only");
  });

  it("refuses an engine or a device that there is not", async () => {
    const folder = makeFolder(OWN_SHAPE, 6);
    for (const options of [{ engine: "torch" }, { device: "tpu" }]) {
      const error = await rejection(HydraModel.load(folder, options as unknown as HydraLoadOptions));
      expect(error.code).to.equal("M2M_USAGE");
    }
  });
});
