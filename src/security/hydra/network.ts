import type { Matrix } from "./floats.js";
import { headsBytes, placeHeads } from "./heads.js";
import { createKernels } from "./kernels/kernels.js";
import { alignedBytes, KernelMemory } from "./kernels/memory.js";
import { panelBytes, panelled, placePanels } from "./kernels/panels.js";
import type { Kernels, PanelMatrix } from "./kernels/types.js";
import { MeanPool } from "./mean-pool.js";
import { NgramSums } from "./ngram-sums.js";
import { chooseLargest, normalizeRow } from "./ops.js";
import type { HydraBackend, HydraConfig, HydraWindows } from "./types.js";
import { labelCount } from "./verdict.js";
import type { HydraWeights } from "./weights.js";

/** Windows that go through a layer together. */
const BATCH = 64;

interface PlacedLayer {
  readonly gate: PanelMatrix;
  readonly gateBias: Float32Array;
  readonly experts: readonly (readonly PanelMatrix[])[];
}

/** The network in TypeScript: only the experts that the gate chooses are computed. */
export class NativeBackend implements HydraBackend {
  readonly engine = "native";
  readonly device = "cpu";
  readonly #config: HydraConfig;
  readonly #memory: KernelMemory;
  readonly #kernels: Kernels;
  readonly #pool: MeanPool;
  readonly #ngrams: NgramSums | undefined;
  readonly #layers: readonly PlacedLayer[];
  readonly #normWeight: Float32Array;
  readonly #normBias: Float32Array;
  /** All heads behind the semantic one, as one matrix. */
  readonly #heads: PanelMatrix;
  /** Floats of a vector between layers. */
  readonly #width: number;
  /** Addresses of `[BATCH, width]`: the windows on their way through the layers, and what a layer makes of them. */
  #hidden: number;
  #next: number;
  /** Addresses of `[BATCH, widest]`: in and out of a matrix. */
  readonly #in: number;
  readonly #out: number;
  /** Addresses of `[BATCH]`: of vectors for a matrix, of its results, of what they are added to, and their factors. */
  readonly #xs: number;
  readonly #ys: number;
  readonly #sums: number;
  readonly #factors: number;
  /** `[BATCH, topK]`: the chosen experts of a layer and their shares. */
  readonly #chosen: Int32Array;
  readonly #shares: Float64Array;

  /** @param memory where the weights are, if anywhere: with room enough they stay there */
  constructor(weights: HydraWeights, config: HydraConfig, memory?: KernelMemory) {
    this.#config = config;
    const { layers, embed, ngram } = weights;
    const longest = Math.max(...config.windows.map(({ tokens }) => tokens));
    const matrices = layers.flatMap(({ gate, experts }) => [gate, ...experts.flat()]);
    this.#width = panelled(config.hiddenSize);
    const widths = [...matrices.map(({ rows }) => rows), labelCount(config)].map(panelled);
    const widest = widths.reduce((a, b) => Math.max(a, b), this.#width);
    const batchBytes = [this.#width, this.#width, widest, widest, 1, 1, 1, 1].map(
      (width) => BATCH * width * 4,
    );
    const ownBytes = [...batchBytes, ...matrices.map(panelBytes), headsBytes(weights)].reduce(
      (sum, size) => sum + alignedBytes(size),
      0,
    );
    const fits = memory?.hasRoom(ownBytes + MeanPool.bytesFor(memory, embed, longest));
    this.#memory = fits ? memory! : new KernelMemory(ownBytes + MeanPool.bytesFor(undefined, embed, longest));
    const place = (matrix: Matrix): PanelMatrix => placePanels(this.#memory, this.#kernels, matrix);
    this.#kernels = createKernels(this.#memory);
    this.#layers = layers.map(({ gate, gateBias, experts }) => ({
      gate: place(gate),
      gateBias,
      experts: experts.map((found) => found.map(place)),
    }));
    this.#heads = placeHeads(this.#memory, this.#kernels, weights);
    this.#normWeight = weights.normWeight;
    this.#normBias = weights.normBias;
    [this.#hidden, this.#next, this.#in, this.#out, this.#xs, this.#ys, this.#sums, this.#factors] =
      batchBytes.map((bytes) => this.#memory.allocate(bytes));
    this.#pool = new MeanPool(this.#memory, this.#kernels, embed, longest);
    this.#ngrams = ngram && config.ngram && new NgramSums(ngram, config.ngram, longest);
    this.#chosen = new Int32Array(BATCH * config.topK);
    this.#shares = new Float64Array(BATCH * config.topK);
  }

  async run({ ids, ranges }: HydraWindows): Promise<Float32Array> {
    const count = ranges.length / 2;
    const labels = labelCount(this.#config);
    const logits = new Float32Array(count * labels);
    this.#pool.begin(ids);
    this.#ngrams?.begin(ids);
    for (let first = 0; first < count; first += BATCH) {
      const size = Math.min(BATCH, count - first);
      for (let i = 0; i < size; i++) {
        const [from, to] = [ranges[2 * (first + i)], ranges[2 * (first + i) + 1]];
        this.#pool.pool(from, to, this.#rowOf(this.#hidden, i));
        this.#ngrams?.add(from, to, logits, (first + i) * labels);
      }
      this.#runBatch(size, logits, first * labels);
    }
    this.#pool.end();
    this.#ngrams?.end();
    return logits;
  }

  async close(): Promise<void> {}

  #rowOf(vectors: number, index: number): number {
    return vectors + index * this.#width * 4;
  }

  /** Adds the network's logits of the first `count` rows of `#hidden`. */
  #runBatch(count: number, logits: Float32Array, at: number): void {
    const { floats } = this.#memory;
    for (const layer of this.#layers) this.#runLayer(layer, count);
    for (let index = 0; index < count; index++) {
      const from = this.#rowOf(this.#hidden, index) / 4;
      normalizeRow(floats, from, this.#normWeight, this.#normBias, this.#config.layerNormEpsilon);
    }
    this.#listRows(this.#xs, this.#hidden, this.#width, count);
    this.#listRows(this.#ys, this.#out, this.#heads.rows, count);
    this.#kernels.multiply(this.#heads, this.#xs, this.#ys, count);
    const labels = labelCount(this.#config);
    for (let index = 0; index < count; index++) {
      const from = this.#out / 4 + index * this.#heads.rows;
      for (let label = 0; label < labels; label++)
        logits[at + index * labels + label] += floats[from + label];
    }
  }

  /** One layer over the first `count` rows of `#hidden`, in place. */
  #runLayer({ gate, gateBias, experts }: PlacedLayer, count: number): void {
    const { topK } = this.#config;
    const { floats } = this.#memory;
    const gates = this.#out / 4;
    this.#listRows(this.#xs, this.#hidden, this.#width, count);
    this.#listRows(this.#ys, this.#out, gate.rows, count);
    this.#kernels.multiply(gate, this.#xs, this.#ys, count);
    for (let index = 0; index < count; index++) {
      const from = gates + index * gate.rows;
      for (let expert = 0; expert < gateBias.length; expert++) floats[from + expert] += gateBias[expert];
      chooseLargest(floats, from, gateBias.length, topK, this.#chosen, this.#shares, index * topK);
    }
    // The residual.
    const hidden = this.#hidden / 4;
    floats.copyWithin(this.#next / 4, hidden, hidden + count * this.#width);
    experts.forEach((matrices, expert) => this.#runExpert(matrices, expert, count));
    [this.#hidden, this.#next] = [this.#next, this.#hidden];
  }

  /** Adds the share of one expert to the rows of `#next` whose window chose it. */
  #runExpert(matrices: readonly PanelMatrix[], expert: number, count: number): void {
    const { topK } = this.#config;
    const { ints, floats } = this.#memory;
    let size = 0;
    for (let place = 0; place < count * topK; place++) {
      if (this.#chosen[place] !== expert) continue;
      const row = Math.floor(place / topK);
      ints[this.#xs / 4 + size] = this.#rowOf(this.#hidden, row);
      ints[this.#sums / 4 + size] = this.#rowOf(this.#next, row);
      floats[this.#factors / 4 + size++] = this.#shares[place];
    }
    if (size === 0) return;
    let [input, output] = [this.#in, this.#out];
    matrices.forEach((matrix, index) => {
      if (index > 0) {
        [input, output] = [output, input];
        this.#kernels.silu(input, size * matrix.cols);
        this.#listRows(this.#xs, input, matrix.cols, size);
      }
      this.#listRows(this.#ys, output, matrix.rows, size);
      this.#kernels.multiply(matrix, this.#xs, this.#ys, size);
    });
    this.#kernels.addScaled(output, this.#sums, this.#factors, size, this.#width);
  }

  /** Fills a list with the addresses of `count` vectors that lie one behind the other. */
  #listRows(list: number, vectors: number, width: number, count: number): void {
    const { ints } = this.#memory;
    for (let index = 0; index < count; index++) ints[list / 4 + index] = vectors + index * width * 4;
  }
}
