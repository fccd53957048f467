import { readMatrix, readTable, readVector, type Matrix, type Table } from "./floats.js";
import { invalid, readSafetensors, type Tensor } from "./safetensors.js";

/** Bounds on what a file may ask for; the published model has 4 layers of 4 experts. */
const MAX_LAYERS = 64;
const MAX_EXPERTS = 64;
const MAX_WIDTH = 8192;

/** One layer of the mixture. */
export interface HydraLayer {
  /** `[experts, hidden]` */
  readonly gate: Matrix;
  /** `[experts]` */
  readonly gateBias: Float32Array;
  /** For each expert its matrices `[out, in]`, with SiLU between them: hidden to hidden. */
  readonly experts: readonly (readonly Matrix[])[];
}

/** The tensors of a Hydra model, with shapes that fit together. */
export interface HydraWeights {
  /** `[vocabulary, hidden]` */
  readonly embed: Table;
  readonly layers: readonly HydraLayer[];
  /** `[hidden]` */
  readonly normWeight: Float32Array;
  /** `[hidden]` */
  readonly normBias: Float32Array;
  /** `[hidden, hidden]` */
  readonly semanticHead: Matrix;
  /** Heads `[labels, hidden]` */
  readonly compressionHead: Matrix;
  readonly securityHead: Matrix;
  readonly threatHead?: Matrix;
  /** `[buckets, security labels + threat labels]` */
  readonly ngram?: Table;
}

/**
 * Reads the bytes of `model.safetensors`.
 * @throws {FormatError} `M2M_WEIGHTS_INVALID`
 */
export function readWeights(file: Uint8Array): HydraWeights {
  const tensors = readSafetensors(file);
  const embed = readTable(tensors, "embed.weight");
  const hidden = embed.cols;
  if (hidden > MAX_WIDTH) throw invalid(`The hidden size ${hidden} is over ${MAX_WIDTH}.`);
  const head = (name: string): Matrix => {
    const matrix = readMatrix(tensors, `${name}.weight`);
    assertShape(`${name}.weight`, matrix, matrix.rows, hidden);
    if (matrix.rows > MAX_WIDTH) throw invalid(`${name}.weight has more than ${MAX_WIDTH} rows.`);
    return matrix;
  };
  const semanticHead = head("semantic_head");
  assertShape("semantic_head.weight", semanticHead, hidden, hidden);
  const securityHead = head("security_head");
  const threatHead = tensors.has("threat_head.weight") ? head("threat_head") : undefined;
  const ngram = tensors.has("ngram.weight") ? readTable(tensors, "ngram.weight") : undefined;
  if (ngram) assertShape("ngram.weight", ngram, ngram.rows, securityHead.rows + (threatHead?.rows ?? 0));
  return {
    embed,
    layers: readLayers(tensors, hidden),
    normWeight: readVector(tensors, "norm.weight", hidden),
    normBias: readVector(tensors, "norm.bias", hidden),
    semanticHead,
    compressionHead: head("compression_head"),
    securityHead,
    threatHead,
    ngram,
  };
}

/** Names of experts' matrices; the numbers between them are the activations' places. */
const EXPERT_NAME = /^layers\.(0|[1-9]\d{0,2})\.experts\.(0|[1-9]\d{0,2})\.net\.(0|[1-9]\d{0,2})\.weight$/;

function readLayers(tensors: ReadonlyMap<string, Tensor>, hidden: number): HydraLayer[] {
  const places: number[][][] = [];
  for (const name of tensors.keys()) {
    const match = EXPERT_NAME.exec(name);
    if (match === null) continue;
    const [layer, expert, place] = match.slice(1).map(Number);
    if (layer >= MAX_LAYERS || expert >= MAX_EXPERTS) throw invalid(`There are too many experts: ${name}.`);
    ((places[layer] ??= [])[expert] ??= []).push(place);
  }
  if (places.length === 0) throw invalid("The file has no layers.0.experts.0.net.0.weight.");
  return Array.from(places, (experts: number[][] | undefined, layer) => {
    const count = experts?.length ?? 0;
    const gate = readMatrix(tensors, `layers.${layer}.gate.weight`);
    assertShape(`layers.${layer}.gate.weight`, gate, count, hidden);
    const bias = `layers.${layer}.gate.bias`;
    return {
      gate,
      gateBias: tensors.has(bias) ? readVector(tensors, bias, count) : new Float32Array(count),
      experts: Array.from(experts!, (found: number[] | undefined, expert) =>
        readExpert(tensors, `layers.${layer}.experts.${expert}`, found ?? [], hidden),
      ),
    };
  });
}

function readExpert(
  tensors: ReadonlyMap<string, Tensor>,
  prefix: string,
  places: number[],
  hidden: number,
): Matrix[] {
  if (places.length === 0) throw invalid(`The file has no ${prefix}.`);
  let width = hidden;
  const matrices = places
    .sort((a, b) => a - b)
    .map((place) => {
      const name = `${prefix}.net.${place}.weight`;
      const matrix = readMatrix(tensors, name);
      assertShape(name, matrix, matrix.rows, width);
      if (matrix.rows > MAX_WIDTH) throw invalid(`${name} has more than ${MAX_WIDTH} rows.`);
      width = matrix.rows;
      return matrix;
    });
  if (width !== hidden) throw invalid(`${prefix} ends with ${width} values instead of ${hidden}.`);
  return matrices;
}

function assertShape(name: string, { rows, cols }: Matrix | Table, wantedRows: number, wantedCols: number) {
  if (rows === wantedRows && cols === wantedCols) return;
  throw invalid(`${name} has the shape [${rows}, ${cols}] instead of [${wantedRows}, ${wantedCols}].`);
}
