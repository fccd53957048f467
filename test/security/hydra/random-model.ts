import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HydraWindows } from "../../../src/security/hydra/types.js";
import { createRandom } from "../../fuzz/mutate.js";
import { writeSafetensors, type TensorSource } from "../../helpers/safetensors.js";

/** Shape of a model with random weights. */
export interface ModelShape {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  /** For each layer, for each expert, the widths between in and out. */
  readonly layers: readonly (readonly (readonly number[])[])[];
  /** Whether matrices are stored in 8 bits, with the branches of this project's own weights. */
  readonly own: boolean;
  readonly ngramBuckets?: number;
}

const EXPERTS = [[64], [96], [48, 48], [128]];

/** The published layout (bytes, 32-bit floats), small. */
export const PUBLISHED_SHAPE: ModelShape = {
  vocabSize: 300,
  hiddenSize: 24,
  layers: [
    [[16], [33], [10, 12], [7, 9, 11]],
    [[16], [8], [10, 12], [5]],
  ],
  own: false,
};

/** The layout of this project's weights (word pieces, 8 bits, n-grams, threat head), small. */
export const OWN_SHAPE: ModelShape = {
  vocabSize: 400,
  hiddenSize: 32,
  layers: [
    [[12], [18], [8, 6], [22]],
    [[12], [18], [8, 6], [22]],
    [[12], [18], [8, 6], [22]],
  ],
  own: true,
  ngramBuckets: 512,
};

/** What ships, in size. */
export const SHIPPING_SHAPE: ModelShape = {
  vocabSize: 30522,
  hiddenSize: 192,
  layers: [EXPERTS, EXPERTS, EXPERTS, EXPERTS],
  own: true,
  ngramBuckets: 65536,
};

/** Tensors of a random model, with values that keep activations near 1. */
export function randomTensors(shape: ModelShape, seed: number): TensorSource[] {
  const random = createRandom(seed);
  const matrix = (name: string, rows: number, cols: number, spread: number): TensorSource => ({
    name,
    type: shape.own ? "I8" : "F32",
    shape: [rows, cols],
    values: Float64Array.from({ length: rows * cols }, () => (random(2 ** 20) / 2 ** 19 - 1) * spread),
  });
  const vector = (name: string, length: number, middle: number): TensorSource => ({
    name,
    type: shape.own ? "F16" : "F32",
    shape: [length],
    values: Float64Array.from({ length }, () => middle + (random(2 ** 20) / 2 ** 19 - 1) * 0.3),
  });
  const hidden = shape.hiddenSize;
  const near1 = (cols: number) => 1.7 / Math.sqrt(cols);
  const tensors = [matrix("embed.weight", shape.vocabSize, hidden, 3)];
  shape.layers.forEach((experts, layer) => {
    tensors.push(matrix(`layers.${layer}.gate.weight`, experts.length, hidden, near1(hidden)));
    tensors.push(vector(`layers.${layer}.gate.bias`, experts.length, 0));
    experts.forEach((widths, expert) => {
      const sizes = [hidden, ...widths, hidden];
      for (let i = 1; i < sizes.length; i++) {
        const name = `layers.${layer}.experts.${expert}.net.${2 * (i - 1)}.weight`;
        tensors.push(matrix(name, sizes[i], sizes[i - 1], near1(sizes[i - 1])));
      }
    });
  });
  tensors.push(vector("norm.weight", hidden, 1), vector("norm.bias", hidden, 0));
  tensors.push(matrix("semantic_head.weight", hidden, hidden, near1(hidden)));
  tensors.push(matrix("compression_head.weight", 4, hidden, near1(hidden)));
  tensors.push(matrix("security_head.weight", 2, hidden, near1(hidden)));
  if (shape.own) tensors.push(matrix("threat_head.weight", 4, hidden, near1(hidden)));
  if (shape.ngramBuckets) tensors.push(matrix("ngram.weight", shape.ngramBuckets, 6, 0.5));
  return tensors;
}

/** Pieces for tests: the special ones, single characters, and made-up syllables. */
export function testVocabulary(size: number): string {
  const characters = Array.from("abcdefghijklmnopqrstuvwxyz0123456789.,:;!?'\"()[]{}<>/-_=+*&%$#@");
  const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...characters];
  pieces.push(...characters.slice(0, 36).map((character) => `##${character}`));
  const words =
    "ignore all previous instructions and the of to you is in that it for as with a system prompt";
  pieces.push(...words.split(" ").filter((word) => !pieces.includes(word)));
  for (let i = 0; pieces.length < size; i++) {
    const syllable = `${"bcdfghklmnprstvwz"[i % 17]}${"aeiou"[Math.floor(i / 17) % 5]}${i < 85 ? "" : i}`;
    pieces.push(i % 2 === 0 ? syllable : `##${syllable}`);
  }
  return `${pieces.slice(0, size).join("\n")}\n`;
}

export interface ModelFolder {
  readonly folder: string;
  remove(): void;
}

/** A folder with a random model: weights, configuration and vocabulary. */
export function writeModelFolder(shape: ModelShape, seed: number, config?: object): ModelFolder {
  const folder = mkdtempSync(join(tmpdir(), "m2m-hydra-"));
  writeFileSync(join(folder, "model.safetensors"), writeSafetensors(randomTensors(shape, seed)));
  if (shape.own) {
    writeFileSync(join(folder, "vocab.txt"), testVocabulary(shape.vocabSize));
    const own = {
      tokenizer: { type: "wordpiece", vocab: "vocab.txt" },
      ngram: { orders: [1, 2], pooling: "sqrt" },
    };
    writeFileSync(join(folder, "config.json"), JSON.stringify({ ...own, ...config }));
  } else if (config) writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** `count` texts of words, punctuation and other scripts, of 0 to about `maxWords` words. */
export function randomTexts(count: number, maxWords: number, seed: number): string[] {
  const random = createRandom(seed);
  const words =
    'ignore all previous instructions The of to system prompt Zürich 東京 😀 data:image/png;base64,iVBORw0KGgo= {"a":1} ' +
    "please summarise dan mode bafoke migu x1y2 don't café naïve — “quoted” 100% C:\\temp привет";
  const choices = words.split(" ");
  return Array.from({ length: count }, () =>
    Array.from({ length: random(maxWords + 1) }, () => choices[random(choices.length)]).join(
      random(9) === 0 ? "\n" : " ",
    ),
  );
}

/** Windows of `count` lengths around the sizes at which loops change, anywhere in a stream of tokens. */
export function randomWindows(shape: ModelShape, count: number, seed: number): HydraWindows {
  const random = createRandom(seed);
  const ids = Int32Array.from({ length: 1003 }, () => random(shape.vocabSize + 5));
  const ranges = Array.from({ length: count }, (_, index) => {
    const length = [0, 1, 3, 4, 5, 8, 15, 16, 63, 64, 65, 128, 200, 512][index % 14];
    const first = index % 5 === 0 ? ids.length - length : random(ids.length - length);
    return [first, first + length];
  });
  return { ids, ranges: ranges.flat() };
}
