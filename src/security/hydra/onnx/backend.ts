import type { HydraBackend, HydraConfig, HydraWindows } from "../types.js";
import { labelCount } from "../verdict.js";
import { listNgrams } from "../windows.js";
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

  async run({ ids, ranges }: HydraWindows): Promise<Float32Array> {
    const width = labelCount(this.#config);
    const logits = new Float32Array((ranges.length / 2) * width);
    const lengths = Array.from({ length: ranges.length / 2 }, (_, i) => ranges[2 * i + 1] - ranges[2 * i]);
    for (const batch of batchesOf(lengths)) {
      const results = await this.#runBatch(
        ids,
        batch.map((index) => [ranges[2 * index], ranges[2 * index + 1]] as const),
      );
      batch.forEach((index, i) => logits.set(results.subarray(i * width, (i + 1) * width), index * width));
    }
    return logits;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  async #runBatch(
    stream: Int32Array,
    windows: readonly (readonly [first: number, last: number])[],
  ): Promise<Float32Array> {
    const { vocabSize, ngram, labels } = this.#config;
    const ids = windows.map(([first, last]) => stream.subarray(first, last));
    const inputs: Record<string, OnnxTensor> = {};
    [inputs[ONNX_VALUES.ids], inputs[ONNX_VALUES.mask]] = this.#pad(ids, vocabSize);
    if (ngram) {
      const ngrams = windows.map(([first, last]) => listNgrams(stream, first, last, ngram));
      [inputs[ONNX_VALUES.ngrams], inputs[ONNX_VALUES.ngramMask]] = this.#pad(ngrams, ngram.buckets);
    }
    const outputs = await this.#session.run(inputs);
    const width = labelCount(this.#config);
    const logits = new Float32Array(windows.length * width);
    let column = 0;
    const addHead = (name: string, count: number): void => {
      const data = outputs[name].data as Float32Array;
      for (let i = 0; i < windows.length; i++)
        logits.set(data.subarray(i * count, (i + 1) * count), i * width + column);
      column += count;
    };
    addHead(ONNX_VALUES.security, labels.security.length);
    if (labels.threat) addHead(ONNX_VALUES.threat, labels.threat.length);
    addHead(ONNX_VALUES.compression, labels.compression.length);
    return logits;
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

/** Indices of windows of these lengths in groups of about equal ones, so that little is padded. */
function batchesOf(lengths: readonly number[]): number[][] {
  const order = Array.from(lengths.keys()).sort((a, b) => lengths[a] - lengths[b]);
  const batches: number[][] = [];
  let batch: number[] = [];
  for (const index of order) {
    // The longest is the last.
    const tokens = (batch.length + 1) * Math.max(1, lengths[index]);
    if (batch.length > 0 && (tokens > MAX_TOKENS || batch.length === MAX_WINDOWS)) {
      batches.push(batch);
      batch = [];
    }
    batch.push(index);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
