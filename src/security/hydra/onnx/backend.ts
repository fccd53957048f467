import type { HydraBackend, HydraConfig, HydraLogits, HydraWindow } from "../types.js";
import { ONNX_VALUES } from "./convert.js";
import type { OnnxRuntime, OnnxSession, OnnxTensor } from "./runtime.js";

/** Padded tokens of a call, so that what it gathers from the embedding stays below some 50 MB. */
const MAX_TOKENS = 65536;
const MAX_WINDOWS = 512;

/** The network in ONNX Runtime. */
export class OnnxBackend implements HydraBackend {
  readonly engine = "onnx";
  readonly device: string;
  readonly #runtime: OnnxRuntime;
  readonly #session: OnnxSession;
  readonly #config: HydraConfig;

  constructor(runtime: OnnxRuntime, session: OnnxSession, device: string, config: HydraConfig) {
    this.#runtime = runtime;
    this.#session = session;
    this.device = device;
    this.#config = config;
  }

  async run(windows: readonly HydraWindow[]): Promise<HydraLogits[]> {
    const logits: HydraLogits[] = [];
    for (const batch of batchesOf(windows)) {
      const results = await this.#runBatch(batch.map((index) => windows[index]));
      batch.forEach((index, i) => (logits[index] = results[i]));
    }
    return logits;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  async #runBatch(windows: readonly HydraWindow[]): Promise<HydraLogits[]> {
    const { vocabSize, ngram, labels } = this.#config;
    const ids = windows.map((window) => window.ids);
    const inputs: Record<string, OnnxTensor> = {};
    [inputs[ONNX_VALUES.ids], inputs[ONNX_VALUES.mask]] = this.#pad(ids, vocabSize);
    if (ngram) {
      const ngrams = windows.map((window) => window.ngrams);
      [inputs[ONNX_VALUES.ngrams], inputs[ONNX_VALUES.ngramMask]] = this.#pad(ngrams, ngram.buckets);
    }
    const outputs = await this.#session.run(inputs);
    const rowsOf = (name: string, width: number): Float32Array[] => {
      const data = outputs[name].data as Float32Array;
      return windows.map((_, index) => data.slice(index * width, (index + 1) * width));
    };
    const security = rowsOf(ONNX_VALUES.security, labels.security.length);
    const compression = rowsOf(ONNX_VALUES.compression, labels.compression.length);
    const threat = labels.threat && rowsOf(ONNX_VALUES.threat, labels.threat.length);
    return windows.map((_, index) => ({
      security: security[index],
      compression: compression[index],
      threat: threat?.[index],
    }));
  }

  /** Lists of ids as a matrix `[lists, longest]` and the mask of what is no padding; ids stay below `size`. */
  #pad(lists: readonly Int32Array[], size: number): [ids: OnnxTensor, mask: OnnxTensor] {
    const longest = lists.reduce((length, list) => Math.max(length, list.length), 1);
    const ids = new BigInt64Array(lists.length * longest);
    // The lower halves; the upper ones stay 0. Little-endian, as every platform of the package is.
    const halves = new Int32Array(ids.buffer);
    const mask = new Float32Array(ids.length);
    lists.forEach((list, row) => {
      const from = row * longest;
      for (let i = 0; i < list.length; i++) halves[2 * (from + i)] = Math.min(list[i], size - 1);
      mask.fill(1, from, from + list.length);
    });
    const shape = [lists.length, longest];
    return [new this.#runtime.Tensor("int64", ids, shape), new this.#runtime.Tensor("float32", mask, shape)];
  }
}

/** Indices of windows in groups of about equal lengths, so that little is padded. */
function batchesOf(windows: readonly HydraWindow[]): number[][] {
  const order = Array.from(windows.keys()).sort((a, b) => windows[a].ids.length - windows[b].ids.length);
  const batches: number[][] = [];
  let batch: number[] = [];
  for (const index of order) {
    // The longest is the last.
    const tokens = (batch.length + 1) * Math.max(1, windows[index].ids.length);
    if (batch.length > 0 && (tokens > MAX_TOKENS || batch.length === MAX_WINDOWS)) {
      batches.push(batch);
      batch = [];
    }
    batch.push(index);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
