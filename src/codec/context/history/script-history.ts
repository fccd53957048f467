import type { RangeCoder } from "../arithmetic/range-coder.js";
import { ContextModel, MESSAGE_RATES } from "../model.js";
import type { SlotTable } from "../modelling/slot-table.js";
import type { Prior } from "../prior/prior.js";
import type { Decoded, HistoryCoder } from "../coders.js";
import { SlotChanges } from "./slot-changes.js";

/** A history over the TypeScript model. */
export class ScriptHistory implements HistoryCoder {
  readonly #model: ContextModel;
  readonly #coder: RangeCoder;
  readonly #table: SlotTable;
  readonly #changes = new SlotChanges();
  readonly #windowBytes: number;

  /** @param windowBytes most bytes of earlier messages that are looked back at */
  constructor(prior: Prior, coder: RangeCoder, table: SlotTable, windowBytes: number) {
    this.#coder = coder;
    this.#table = table;
    this.#windowBytes = windowBytes;
    this.#model = new ContextModel(prior, coder, table, MESSAGE_RATES);
  }

  restart(): void {
    this.#changes.clear();
    this.#model.reset();
  }

  absorb(content: Uint8Array): void {
    const { match } = this.#model;
    const kept = content.subarray(Math.max(0, content.length - this.#windowBytes));
    match.slide(this.#windowBytes - kept.length);
    this.#model.startMessage();
    this.#model.absorb(kept);
  }

  encodeMessage(content: Uint8Array): Uint8Array {
    return this.#encode(() => {
      this.#model.startMessage();
      this.#model.encode(content);
    });
  }

  decodeMessage(coded: Uint8Array, maxBytes: number): Decoded {
    return this.#decode(coded, () => {
      this.#model.startMessage();
      return this.#model.decode(maxBytes, () => this.#coder.isCut);
    });
  }

  encodeEvent(event: Uint8Array): Uint8Array {
    return this.#encode(() => {
      this.#model.startEvent();
      this.#model.encodeEvent(event);
    });
  }

  decodeEvent(coded: Uint8Array, maxBytes: number): Decoded {
    return this.#decode(coded, () => {
      this.#model.startEvent();
      return this.#model.decodeEvent(maxBytes, () => this.#coder.isCut);
    });
  }

  #encode(write: () => void): Uint8Array {
    return this.#withChanges(() => {
      this.#coder.startEncoding();
      write();
      return this.#coder.finish();
    });
  }

  #decode(coded: Uint8Array, read: () => Uint8Array | undefined): Decoded {
    return this.#withChanges(() => {
      this.#coder.startDecoding(coded);
      const content = read();
      return { content, neededBytes: this.#coder.consumedBytes - 4 };
    });
  }

  #withChanges<T>(work: () => T): T {
    const table = this.#table;
    try {
      this.#model.match.slide(this.#windowBytes);
      this.#changes.apply((slot, value) => {
        table.set(slot, value);
      });
      const result = work();
      this.#changes.take(table.slots, table.journal, table.journalSize);
      return result;
    } finally {
      table.restore();
    }
  }
}
