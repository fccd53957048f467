import { concatBytes } from "../../../shared/bytes.js";
import { MessageWriter } from "./protobuf.js";

// Numbers of fields and types are those of onnx/onnx: `onnx/onnx.proto`, IR version 8.
const IR_VERSION = 8;
const OPSET = 17;
const ELEMENT = { FLOAT: 1, INT8: 3, INT64: 7 } as const;
const ATTRIBUTE = { FLOAT: 1, INT: 2, INTS: 7 } as const;

type OnnxElement = keyof typeof ELEMENT;
type Attributes = Readonly<Record<string, number | { readonly float: number } | readonly number[]>>;

/** Builds an ONNX model node by node. Values are named by the nodes that give them. */
export class OnnxGraph {
  readonly #nodes: MessageWriter[] = [];
  readonly #initializers: MessageWriter[] = [];
  readonly #inputs: MessageWriter[] = [];
  readonly #outputs: MessageWriter[] = [];
  #count = 0;

  /** Declares an input or output; a dimension is a number or the name of one that varies. */
  input(name: string, type: OnnxElement, shape: readonly (number | string)[]): string {
    this.#inputs.push(describeValue(name, type, shape));
    return name;
  }

  output(name: string, type: OnnxElement, shape: readonly (number | string)[]): void {
    this.#outputs.push(describeValue(name, type, shape));
  }

  /** A constant of the file. */
  constant(name: string, values: Float32Array | Int8Array, shape: readonly number[]): string {
    const type = values instanceof Float32Array ? ELEMENT.FLOAT : ELEMENT.INT8;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#initializers.push(tensor(name, type, shape, bytes));
    return name;
  }

  /** A short list of integers, such as axes or a shape. */
  integers(...values: number[]): string {
    const name = `integers_${values.join("_")}_${this.#count++}`;
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.#initializers.push(tensor(name, ELEMENT.INT64, [values.length], bytes));
    return name;
  }

  /**
   * Adds a node with one output.
   * @param name of the output; made up if absent
   */
  node(operator: string, inputs: readonly string[], attributes: Attributes = {}, name?: string): string {
    return this.nodeOf(operator, inputs, attributes, [name ?? `${operator}_${this.#count++}`])[0];
  }

  /** Adds a node with the outputs that are named. */
  nodeOf(operator: string, inputs: readonly string[], attributes: Attributes, outputs: string[]): string[] {
    const node = new MessageWriter();
    for (const input of inputs) node.string(1, input);
    for (const output of outputs) node.string(2, output);
    node.string(3, `node_${this.#nodes.length}`).string(4, operator);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attribute(key, value));
    this.#nodes.push(node);
    return outputs;
  }

  /**
   * The bytes of the model.
   * @param header what stands before the graph: `modelHeader`
   */
  finish(name: string, header: Uint8Array): Uint8Array {
    const graph = new MessageWriter();
    for (const node of this.#nodes) graph.message(1, node);
    graph.string(2, name);
    for (const initializer of this.#initializers) graph.message(5, initializer);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    const model = new MessageWriter();
    model.message(8, new MessageWriter().string(1, "").int(2, OPSET)).message(7, graph);
    return concatBytes([header, model.finish()]);
  }
}

/** The first fields of a model, which say who made it of what. */
export function modelHeader(fingerprint: string): Uint8Array {
  return new MessageWriter().int(1, IR_VERSION).string(2, "m2m-protocol").string(3, fingerprint).finish();
}

function attribute(name: string, value: Attributes[string]): MessageWriter {
  const writer = new MessageWriter().string(1, name);
  if (typeof value === "number") return writer.int(3, value).int(20, ATTRIBUTE.INT);
  if ("float" in value) return writer.float(2, value.float).int(20, ATTRIBUTE.FLOAT);
  for (const item of value) writer.int(8, item);
  return writer.int(20, ATTRIBUTE.INTS);
}

function tensor(name: string, type: number, shape: readonly number[], bytes: Uint8Array): MessageWriter {
  const writer = new MessageWriter();
  for (const size of shape) writer.int(1, size);
  return writer.int(2, type).string(8, name).bytes(9, bytes);
}

function describeValue(name: string, type: OnnxElement, shape: readonly (number | string)[]): MessageWriter {
  const dimensions = new MessageWriter();
  for (const size of shape) {
    const dimension = new MessageWriter();
    if (typeof size === "number") dimension.int(1, size);
    else dimension.string(2, size);
    dimensions.message(1, dimension);
  }
  const tensorType = new MessageWriter().int(1, ELEMENT[type]).message(2, dimensions);
  return new MessageWriter().string(1, name).message(2, new MessageWriter().message(1, tensorType));
}
