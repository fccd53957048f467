import type { DecisionModel } from "../../src/codec/context/binarisation/symbol-coder.js";
import { Stage } from "../../src/codec/context/binarisation/candidates.js";
import { CONTEXTS, type ByteContexts } from "../../src/codec/context/modelling/byte-contexts.js";
import { groupOf, hashOfNode, lineOf, placeOf } from "../../src/codec/context/modelling/node-place.js";
import { CANDIDATE, RANDOM } from "../../src/codec/context/modelling/predictor.js";

const TABLE_BITS = 25;
const TABLE_SIZE = 1 << TABLE_BITS;
const FILTER_SIZE = 1 << 28;
const SEVERAL = 255;

/** What was seen of each context's node in all messages, by 32 bits of identity: line, then place. */
export class NodeCounts {
  readonly keys = new Int32Array(TABLE_SIZE);
  /** In 65536ths. */
  readonly probabilities = new Float32Array(TABLE_SIZE);
  readonly counts = new Uint16Array(TABLE_SIZE);
  readonly contexts = new Uint8Array(TABLE_SIZE);
  /** Place of the node of a shorter context that was seen with it, or -1. */
  readonly parents = new Int32Array(TABLE_SIZE);
  readonly messages = new Uint16Array(TABLE_SIZE);
  /** Bits that tell repositories, folded to 32. */
  readonly repositories = new Int32Array(TABLE_SIZE);
  readonly #lastMessages = new Uint16Array(TABLE_SIZE);
  /** Nodes of one repository alone never reach the table: 0 unseen, `SEVERAL`, else the mark of the one. */
  readonly #filter = new Uint8Array(FILTER_SIZE);
  used = 0;
  #message = 0;
  #mark = 0;
  #repository = 0;

  startMessage(message: number, repository: number): void {
    this.#message = message;
    this.#mark = 1 + (repository & 31);
    this.#repository = 1 << (repository & 31);
  }

  /** Notes that the current repository has the node. All messages are marked before any is counted. */
  mark(key: number): void {
    const cell = key >>> 4;
    const seen = this.#filter[cell];
    if (seen === 0) this.#filter[cell] = this.#mark;
    else if (seen !== this.#mark) this.#filter[cell] = SEVERAL;
  }

  /** @returns the node's place in the table, or -1 if one repository alone has it */
  add(key: number, bit: number, context: number, parent: number): number {
    if (this.#filter[key >>> 4] !== SEVERAL) return -1;
    let at = key >>> (32 - TABLE_BITS);
    while (this.counts[at] !== 0 && this.keys[at] !== key) at = (at + 1) & (TABLE_SIZE - 1);
    if (this.counts[at] === 0) {
      if (++this.used > TABLE_SIZE * 0.9) throw new Error("Too many contexts to count.");
      this.keys[at] = key;
      this.probabilities[at] = 32768;
      this.contexts[at] = context;
      this.parents[at] = parent;
    }
    const count = this.counts[at];
    const rate = 1 / (count < 254 ? count + 1.5 : 255);
    this.probabilities[at] += ((bit === 0 ? 0 : 65535) - this.probabilities[at]) * rate;
    if (count < 65000) this.counts[at]++;
    const message = (this.#message % 65535) + 1;
    if (this.#lastMessages[at] !== message) {
      this.#lastMessages[at] = message;
      if (this.messages[at] < 65535) this.messages[at]++;
      this.repositories[at] |= this.#repository;
    }
    return at;
  }
}

/** Names the nodes of each decision instead of predicting it. */
export class NodeNames implements DecisionModel {
  readonly keys = new Int32Array(CONTEXTS);
  isRandom = false;
  readonly #shift: number;

  readonly contexts: ByteContexts;
  readonly onDecision: (bit: number) => void;

  constructor(contexts: ByteContexts, lineBits: number, onDecision: (bit: number) => void) {
    this.contexts = contexts;
    this.onDecision = onDecision;
    this.#shift = 32 - lineBits;
  }

  startByte(isRandom: boolean): void {
    this.contexts.hash(isRandom);
    this.isRandom = isRandom;
  }

  startTree(): void {
    // What it is known not to be does not change its nodes' names.
  }

  predict(node: number, stage: number, depth: number): number {
    const isTree = stage === Stage.tree;
    const nodeHash = hashOfNode(isTree ? (this.isRandom ? node | RANDOM : node) : node | CANDIDATE);
    const group = isTree ? groupOf(node, depth) : 0;
    for (let i = 0; i < CONTEXTS; i++) {
      const seed = this.contexts.hashes[i];
      this.keys[i] = (lineOf(seed, group, this.#shift) << 11) | (placeOf(seed, nodeHash) & 0x7fff);
    }
    return 32768;
  }

  update(bit: number): void {
    this.onDecision(bit);
  }
}
