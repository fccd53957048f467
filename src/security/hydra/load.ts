import { CONFIG_FILE, ONNX_FILE, WEIGHTS_FILE } from "../../shared/model-files.js";
import { requireNodeModule } from "../../shared/platform.js";
import { parseConfig } from "./config.js";
import { readModelFile, tryReadModelFile } from "./files.js";
import { KernelMemory } from "./kernels/memory.js";
import { convertToOnnx, onnxHeader } from "./onnx/convert.js";
import { ByteTokenizer, createWordPieceTokenizer, type HydraTokenizer } from "./tokenizer.js";
import type { HydraConfig } from "./types.js";
import { readWeights, type HydraWeights } from "./weights.js";

/** The files of a model, read and checked. */
export interface HydraFiles {
  readonly weights: HydraWeights;
  readonly config: HydraConfig;
  /** Bytes of `model.safetensors`, which the weights are views of. */
  readonly file: Uint8Array;
  /** What they lie in, if that was asked for. */
  readonly memory?: KernelMemory;
}

/** Room beside the file: matrices of 32-bit floats once more, and vectors. What is not used costs nothing. */
const SPARE_BYTES = 2 ** 22;

/**
 * Reads `model.safetensors` of `folder`, and `config.json` if there is one.
 * @param forKernels whether to read the weights into a memory of kernels, where the tables stay
 * @throws {InputError} `M2M_WEIGHTS_MISSING`, `M2M_FILE_READ`
 * @throws {FormatError} `M2M_WEIGHTS_INVALID`
 */
export function readHydraFiles(folder: string, forKernels = false): HydraFiles {
  let memory: KernelMemory | undefined;
  const allocate = (bytes: number): Uint8Array => {
    memory = new KernelMemory(2 * bytes + SPARE_BYTES);
    return new Uint8Array(memory.buffer, memory.allocate(bytes), bytes);
  };
  const file = readModelFile(folder, WEIGHTS_FILE, forKernels ? allocate : undefined);
  const weights = readWeights(file);
  return { file, weights, memory, config: parseConfig(tryReadModelFile(folder, CONFIG_FILE), weights) };
}

/**
 * The tokenizer of a model, with the vocabulary of its folder.
 * @throws {InputError} `M2M_WEIGHTS_MISSING`, `M2M_FILE_READ`
 * @throws {FormatError} `M2M_WEIGHTS_INVALID`, `M2M_UTF8_INVALID`
 */
export function createTokenizer(folder: string, { tokenizer, vocabSize }: HydraConfig): HydraTokenizer {
  if (tokenizer.type === "bytes") return new ByteTokenizer();
  return createWordPieceTokenizer(readModelFile(folder, tokenizer.vocabulary), vocabSize);
}

/**
 * The model in `folder` as the bytes of an ONNX model, to be kept there as `model.onnx`.
 * @throws {InputError} `M2M_WEIGHTS_MISSING`, `M2M_FILE_READ`
 * @throws {FormatError} `M2M_WEIGHTS_INVALID`
 */
export function convertHydraModel(folder: string): Uint8Array {
  const files = readHydraFiles(folder);
  return convertToOnnx(files.weights, files.config, fingerprint(files));
}

/**
 * The ONNX model of `folder`: its `model.onnx`, or, if there is none of these very weights, one made in memory.
 * @throws {InputError} `M2M_FILE_READ`
 */
export function readOnnxModel(folder: string, files: HydraFiles): { model: Uint8Array; notes: string[] } {
  const mark = fingerprint(files);
  const kept = tryReadModelFile(folder, ONNX_FILE);
  const header = onnxHeader(mark);
  if (kept && header.every((byte, index) => kept[index] === byte)) return { model: kept, notes: [] };
  const note = `${ONNX_FILE} was not made from these weights by m2m, and is not used; m2m model convert makes it anew.`;
  return { model: convertToOnnx(files.weights, files.config, mark), notes: kept ? [note] : [] };
}

/** What an ONNX model is made from: the weights and how they are used. */
function fingerprint({ file, config }: HydraFiles): string {
  const { createHash } = requireNodeModule("crypto", "Converting a Hydra model");
  const { topK, layerNormEpsilon, ngram } = config;
  const hash = createHash("sha256").update(file);
  return hash.update(JSON.stringify([topK, layerNormEpsilon, ngram?.pooling])).digest("hex");
}
