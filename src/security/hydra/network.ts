import type { Matrix } from "./floats.js";
import { MeanPool } from "./mean-pool.js";
import { chooseLargest, normalizeRow, silu } from "./ops.js";
import { createRowSums, PlainRowSums } from "./row-sums.js";
import { createMultiplier, type Multiplier } from "./simd.js";
import type { HydraBackend, HydraConfig, HydraLogits, HydraWindow } from "./types.js";
import type { HydraLayer, HydraWeights } from "./weights.js";

/** Windows that go through a layer together. */
const BATCH = 64;

/** The network in TypeScript: only the experts that the gate chooses are computed. */
export class NativeBackend implements HydraBackend {
  readonly engine = "native";
  readonly device = "cpu";
  readonly #weights: Omit<HydraWeights, "embed" | "ngram">;
  readonly #config: HydraConfig;
  readonly #multiplier: Multiplier;
  readonly #pool: MeanPool;
  readonly #ngram: PlainRowSums | undefined;
  /** `[BATCH, hidden]`: the windows on their way through the layers, and what a layer makes of them. */
  readonly #hidden: Float32Array;
  readonly #next: Float32Array;
  /** `[BATCH, widest]`: in and out of a matrix. */
  readonly #in: Float32Array;
  readonly #out: Float32Array;
  /** `[BATCH, topK]`: the chosen experts of a layer and their shares. */
  readonly #chosen: Int32Array;
  readonly #shares: Float64Array;
  /** `[BATCH]`: the windows of one expert. */
  readonly #members = new Int32Array(BATCH);

  constructor(weights: HydraWeights, config: HydraConfig) {
    this.#config = config;
    this.#pool = new MeanPool(createRowSums(weights.embed));
    this.#ngram = weights.ngram && new PlainRowSums(weights.ngram);
    const hidden = config.hiddenSize;
    const matrices = listMatrices(weights);
    const widest = matrices.reduce((width, { rows }) => Math.max(width, rows), hidden);
    const sizes = matrices.map(({ rows, cols }) => rows * cols);
    const multiplier = createMultiplier([...sizes, 2 * BATCH * hidden, 2 * BATCH * widest]);
    this.#multiplier = multiplier;
    this.#weights = placeMatrices(weights, ({ rows, cols, values }) => {
      const placed = multiplier.allocate(rows * cols);
      placed.set(values);
      return { rows, cols, values: placed };
    });
    this.#hidden = multiplier.allocate(BATCH * hidden);
    this.#next = multiplier.allocate(BATCH * hidden);
    this.#in = multiplier.allocate(BATCH * widest);
    this.#out = multiplier.allocate(BATCH * widest);
    this.#chosen = new Int32Array(BATCH * config.topK);
    this.#shares = new Float64Array(BATCH * config.topK);
  }

  async run(windows: readonly HydraWindow[]): Promise<HydraLogits[]> {
    const logits: HydraLogits[] = [];
    for (let first = 0; first < windows.length; first += BATCH) {
      logits.push(...this.#runBatch(windows.slice(first, first + BATCH)));
    }
    this.#pool.reset();
    return logits;
  }

  async close(): Promise<void> {}

  #runBatch(windows: readonly HydraWindow[]): HydraLogits[] {
    const { layers, normWeight, normBias, semanticHead, securityHead, compressionHead, threatHead } =
      this.#weights;
    const { hiddenSize, layerNormEpsilon } = this.#config;
    const hidden = this.#hidden;
    const count = windows.length;
    windows.forEach(({ ids }, index) => this.#pool.pool(ids, hidden, index * hiddenSize));
    for (const layer of layers) this.#runLayer(layer, count);
    for (let index = 0; index < count; index++) {
      normalizeRow(hidden, index * hiddenSize, normWeight, normBias, layerNormEpsilon);
    }
    const semantic = this.#next;
    this.#multiplier.multiply(semanticHead, hidden, count, semantic);
    const security = this.#runHead(securityHead, semantic, count);
    const compression = this.#runHead(compressionHead, semantic, count);
    const threat = threatHead && this.#runHead(threatHead, semantic, count);
    return windows.map(({ ngrams }, index) => {
      const logits = { security: security[index], compression: compression[index], threat: threat?.[index] };
      if (this.#ngram) this.#addNgrams(this.#ngram, ngrams, logits);
      return logits;
    });
  }

  /** One layer over the first `count` rows of `#hidden`, in place. */
  #runLayer({ gate, gateBias, experts }: HydraLayer, count: number): void {
    const { hiddenSize, topK } = this.#config;
    const gates = this.#out;
    this.#multiplier.multiply(gate, this.#hidden, count, gates);
    for (let index = 0; index < count; index++) {
      const from = index * gate.rows;
      for (let expert = 0; expert < gate.rows; expert++) gates[from + expert] += gateBias[expert];
      const at = index * topK;
      const indices = this.#chosen.subarray(at, at + topK);
      chooseLargest(gates, from, gate.rows, topK, indices, this.#shares.subarray(at, at + topK));
    }
    // The residual.
    this.#next.set(this.#hidden.subarray(0, count * hiddenSize));
    experts.forEach((matrices, expert) => this.#runExpert(matrices, expert, count));
    this.#hidden.set(this.#next.subarray(0, count * hiddenSize));
  }

  /** Adds the share of one expert to the rows of `#next` whose window chose it. */
  #runExpert(matrices: readonly Matrix[], expert: number, count: number): void {
    const { hiddenSize, topK } = this.#config;
    const members = this.#members;
    let size = 0;
    for (let place = 0; place < count * topK; place++) {
      if (this.#chosen[place] !== expert) continue;
      const row = Math.floor(place / topK) * hiddenSize;
      this.#in.set(this.#hidden.subarray(row, row + hiddenSize), size * hiddenSize);
      members[size++] = place;
    }
    if (size === 0) return;
    let [input, output] = [this.#in, this.#out];
    matrices.forEach((matrix, index) => {
      if (index > 0) {
        [input, output] = [output, input];
        silu(input, size * matrix.cols);
      }
      this.#multiplier.multiply(matrix, input, size, output);
    });
    for (let member = 0; member < size; member++) {
      const share = this.#shares[members[member]];
      const row = Math.floor(members[member] / topK) * hiddenSize;
      const from = member * hiddenSize;
      for (let j = 0; j < hiddenSize; j++) this.#next[row + j] += share * output[from + j];
    }
  }

  /** Logits of a head for each of the first `count` rows of `semantic`. */
  #runHead(head: Matrix, semantic: Float32Array, count: number): Float32Array[] {
    this.#multiplier.multiply(head, semantic, count, this.#out);
    return Array.from({ length: count }, (_, index) =>
      this.#out.slice(index * head.rows, (index + 1) * head.rows),
    );
  }

  /** Adds the linear branch: the sum of the buckets' rows, divided, to the logits of security and threat. */
  #addNgrams(table: PlainRowSums, ngrams: Int32Array, { security, threat }: HydraLogits): void {
    const sums = new Float64Array(table.cols);
    table.add(ngrams, 0, ngrams.length, sums, 0);
    const count = Math.max(1, ngrams.length);
    const divisor = this.#config.ngram?.pooling === "mean" ? count : Math.sqrt(count);
    for (let j = 0; j < security.length; j++) security[j] += sums[j] / divisor;
    if (threat) for (let j = 0; j < threat.length; j++) threat[j] += sums[security.length + j] / divisor;
  }
}

/** The matrices that vectors are multiplied with. */
function listMatrices({ layers, ...heads }: HydraWeights): Matrix[] {
  const { semanticHead, securityHead, compressionHead, threatHead } = heads;
  const experts = layers.flatMap(({ gate, experts }) => [gate, ...experts.flat()]);
  return [...experts, semanticHead, securityHead, compressionHead, ...(threatHead ? [threatHead] : [])];
}

/** The weights with `place` done to each of these matrices. */
function placeMatrices(
  { layers, normWeight, normBias, semanticHead, securityHead, compressionHead, threatHead }: HydraWeights,
  place: (matrix: Matrix) => Matrix,
): Omit<HydraWeights, "embed" | "ngram"> {
  return {
    layers: layers.map(({ gate, gateBias, experts }) => ({
      gate: place(gate),
      gateBias,
      experts: experts.map((matrices) => matrices.map(place)),
    })),
    normWeight,
    normBias,
    semanticHead: place(semanticHead),
    securityHead: place(securityHead),
    compressionHead: place(compressionHead),
    threatHead: threatHead && place(threatHead),
  };
}
