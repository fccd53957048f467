import { floatScales, type Matrix, type Table } from "../floats.js";
import type { HydraConfig } from "../types.js";
import type { HydraLayer, HydraWeights } from "../weights.js";
import { modelHeader, OnnxGraph } from "./graph.js";

/** Names of the inputs and outputs of the ONNX model. */
export const ONNX_VALUES = {
  ids: "input_ids",
  mask: "attention_mask",
  ngrams: "ngram_ids",
  ngramMask: "ngram_mask",
  security: "security_logits",
  compression: "compression_logits",
  threat: "threat_logits",
} as const;

/**
 * The network as an ONNX model (opset 17), the same to within rounding: `input_ids` int64 and `attention_mask` float
 * `[batch, tokens]`, with the n-gram branch also `ngram_ids` int64 and `ngram_mask` float `[batch, ngrams]`; logits
 * `[batch, labels]`. Ids lie inside the tables, masks are 1 or 0. Tables stay in 8 bits if the weights have them so.
 * @param fingerprint of what it is made from; it is kept in the model
 */
export function convertToOnnx(weights: HydraWeights, config: HydraConfig, fingerprint: string): Uint8Array {
  const graph = new OnnxGraph();
  const ids = graph.input(ONNX_VALUES.ids, "INT64", ["batch", "tokens"]);
  const mask = graph.input(ONNX_VALUES.mask, "FLOAT", ["batch", "tokens"]);
  const one = graph.constant("one", Float32Array.of(1), [1]);
  const count = (of: string): string =>
    graph.node("Max", [graph.node("ReduceSum", [of, graph.integers(1)], { keepdims: 1 }), one]);
  const tokenSum = sumRows(graph, "embed.weight", weights.embed, ids, mask);
  let hidden = graph.node("Div", [tokenSum, count(mask)]);
  weights.layers.forEach((layer, index) => {
    hidden = addLayer(graph, `layers.${index}`, layer, config.topK, hidden);
  });
  const norm = [
    graph.constant("norm.weight", weights.normWeight, [config.hiddenSize]),
    graph.constant("norm.bias", weights.normBias, [config.hiddenSize]),
  ];
  hidden = graph.node("LayerNormalization", [hidden, ...norm], {
    epsilon: { float: config.layerNormEpsilon },
  });
  const semantic = multiply(graph, "semantic_head.weight", weights.semanticHead, hidden);
  const { securityHead, threatHead, compressionHead, ngram } = weights;
  let linear: (string | undefined)[] = [];
  if (ngram) {
    const ngrams = graph.input(ONNX_VALUES.ngrams, "INT64", ["batch", "ngrams"]);
    const ngramMask = graph.input(ONNX_VALUES.ngramMask, "FLOAT", ["batch", "ngrams"]);
    const sum = sumRows(graph, "ngram.weight", ngram, ngrams, ngramMask);
    const number = count(ngramMask);
    const divisor = config.ngram?.pooling === "mean" ? number : graph.node("Sqrt", [number]);
    const branch = graph.node("Div", [sum, divisor]);
    linear = splitColumns(graph, branch, [securityHead.rows, ...(threatHead ? [threatHead.rows] : [])]);
  }
  addHead(graph, "security_head.weight", securityHead, semantic, linear[0], ONNX_VALUES.security);
  if (threatHead) addHead(graph, "threat_head.weight", threatHead, semantic, linear[1], ONNX_VALUES.threat);
  addHead(graph, "compression_head.weight", compressionHead, semantic, undefined, ONNX_VALUES.compression);
  return graph.finish("hydra", onnxHeader(fingerprint));
}

/** How a model that was made from this begins. */
export function onnxHeader(fingerprint: string): Uint8Array {
  return modelHeader(`weights-${fingerprint}-1`);
}

/** Sum of the table's rows `ids`, where `mask` is 1: `[batch, cols]`. */
function sumRows(graph: OnnxGraph, name: string, table: Table, ids: string, mask: string): string {
  const values = graph.constant(name, table.values, [table.rows, table.cols]);
  let rows = graph.node("Gather", [values, ids], { axis: 0 });
  let weight = mask;
  const rowScales = floatScales(table);
  if (rowScales) {
    // Bytes are gathered before they become floats: the table itself is never held as floats.
    rows = graph.node("Cast", [rows], { to: 1 });
    const scales = graph.constant(`${name}_scale`, rowScales, [table.rows]);
    weight = graph.node("Mul", [mask, graph.node("Gather", [scales, ids], { axis: 0 })]);
  }
  const row = graph.node("Unsqueeze", [weight, graph.integers(1)]);
  return graph.node("Squeeze", [graph.node("MatMul", [row, rows]), graph.integers(1)]);
}

/** All experts are computed, and those that the gate does not choose have the share 0. */
function addLayer(graph: OnnxGraph, name: string, layer: HydraLayer, topK: number, hidden: string): string {
  const experts = layer.experts.length;
  const gateBias = graph.constant(`${name}.gate.bias`, layer.gateBias, [experts]);
  const gate = multiply(graph, `${name}.gate.weight`, layer.gate, hidden, gateBias);
  // TopK takes the lower index among equals, as the native network does.
  const [logits, indices] = graph.nodeOf("TopK", [gate, graph.integers(topK)], { axis: 1 }, [
    `${name}.top_logits`,
    `${name}.top_indices`,
  ]);
  const chosen = graph.node("Unsqueeze", [graph.node("Softmax", [logits], { axis: 1 }), graph.integers(2)]);
  const onOff = graph.constant(`${name}.on_off`, Float32Array.of(0, 1), [2]);
  const oneHot = graph.node("OneHot", [indices, graph.integers(experts), onOff], { axis: 2 });
  const shares = graph.node("ReduceSum", [graph.node("Mul", [oneHot, chosen]), graph.integers(1)], {
    keepdims: 0,
  });
  const columns = splitColumns(
    graph,
    shares,
    layer.experts.map(() => 1),
  );
  return layer.experts.reduce((sum, matrices, expert) => {
    const output = matrices.reduce((x, matrix, index) => {
      const input = index === 0 ? x : graph.node("Mul", [x, graph.node("Sigmoid", [x])]);
      return multiply(graph, `${name}.experts.${expert}.${index}`, matrix, input);
    }, hidden);
    return graph.node("Add", [sum, graph.node("Mul", [output, columns[expert]])]);
  }, hidden);
}

function addHead(
  graph: OnnxGraph,
  name: string,
  head: Matrix,
  semantic: string,
  linear: string | undefined,
  output: string,
): void {
  const logits = multiply(graph, name, head, semantic);
  graph.node(linear ? "Add" : "Identity", linear ? [logits, linear] : [logits], {}, output);
  graph.output(output, "FLOAT", ["batch", head.rows]);
}

/** x Wᵀ, and a bias if there is one. */
function multiply(graph: OnnxGraph, name: string, matrix: Matrix, x: string, bias?: string): string {
  const weights = graph.constant(name, matrix.values, [matrix.rows, matrix.cols]);
  return graph.node("Gemm", bias ? [x, weights, bias] : [x, weights], { transB: 1 });
}

/** Parts of a value `[batch, columns]`, of the given widths. */
function splitColumns(graph: OnnxGraph, value: string, widths: readonly number[]): string[] {
  if (widths.length === 1) return [value];
  const names = widths.map((_, index) => `${value}_part_${index}`);
  return graph.nodeOf("Split", [value, graph.integers(...widths)], { axis: 1 }, names);
}
