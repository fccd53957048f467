import { RangeCoder } from "./arithmetic/range-coder.js";
import { ContextModel } from "./model.js";
import type { SlotTable } from "./modelling/slot-table.js";
import { ScriptHistory } from "./history/script-history.js";
import type { Decoded, MessageCoder } from "./coders.js";
import { createTable, type Prior } from "./prior/prior.js";

/** Messages coded by the TypeScript model: the portable form, and the specification of the kernel. */
export class ScriptCoder implements MessageCoder {
  readonly #coder = new RangeCoder();
  readonly #table: SlotTable;
  readonly #model: ContextModel;

  readonly prior: Prior;

  constructor(prior: Prior) {
    this.prior = prior;
    this.#table = createTable(prior);
    this.#model = new ContextModel(prior, this.#coder, this.#table);
  }

  encode(content: Uint8Array, maxBytes: number): Uint8Array | undefined {
    try {
      this.#coder.startEncoding();
      this.#model.encode(content);
      const coded = this.#coder.finish();
      return coded.length > maxBytes ? undefined : coded;
    } finally {
      this.#model.reset();
    }
  }

  createHistory(windowBytes: number): ScriptHistory {
    return new ScriptHistory(this.prior, this.#coder, this.#table, windowBytes);
  }

  decode(coded: Uint8Array, maxBytes: number): Decoded {
    try {
      this.#coder.startDecoding(coded);
      const content = this.#model.decode(maxBytes, () => this.#coder.isCut);
      return { content, neededBytes: this.#coder.consumedBytes - 4 };
    } finally {
      this.#model.reset();
    }
  }
}
