import type { Bounds, EventBytes, RangeCoder } from "../arithmetic/range-coder.js";
import { ContextModel, MESSAGE_RATES } from "../model.js";
import type { SlotTable } from "../modelling/slot-table.js";
import type { Prior } from "../prior/prior.js";
import type { Decoded, DecodedEvent, HistoryCoder } from "../coders.js";
import { SlotChanges } from "./slot-changes.js";

/** A history over the TypeScript model. */
export class ScriptHistory implements HistoryCoder {
  readonly #model: ContextModel;
  readonly #coder: RangeCoder;
  readonly #table: SlotTable;
  readonly #changes = new SlotChanges();
  readonly #windowBytes: number;
  /** Where an event stands whose bytes are not all there. */
  #paused: Bounds | undefined;
  /** What it has written so far beside `#changes`. */
  #pausedSlots: ReadonlyMap<number, number> | undefined;

  /** @param windowBytes most bytes of earlier messages that are looked back at */
  constructor(prior: Prior, coder: RangeCoder, table: SlotTable, windowBytes: number) {
    this.#coder = coder;
    this.#table = table;
    this.#windowBytes = windowBytes;
    this.#model = new ContextModel(prior, coder, table, MESSAGE_RATES);
  }

  restart(): void {
    this.#changes.clear();
    this.#paused = undefined;
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

  encodeEvent(event: Uint8Array | undefined, check: number, leastBits: number): EventBytes {
    return this.#withChanges(() => {
      this.#coder.startEncoding();
      this.#model.startEvent();
      if (event === undefined) this.#model.encodeEnd();
      else this.#model.encodeEvent(event);
      return this.#coder.finishEvent(check, leastBits);
    });
  }

  decodeEvent(bytes: Uint8Array, maxBytes: number, leastBits: number): DecodedEvent {
    const coder = this.#coder;
    const model = this.#model;
    const paused = this.#paused;
    this.#paused = undefined;
    return this.#withChanges((): DecodedEvent => {
      if (paused === undefined) {
        coder.startDecoding(bytes, true);
        model.startEvent();
      } else coder.resumeDecoding(bytes, paused);
      const content = model.decodeEvent(maxBytes);
      if (content === "long") return { kind: "long" };
      const end = content === "starved" ? undefined : coder.closeEvent(leastBits);
      if (end !== undefined)
        return content === "last"
          ? { ...end, kind: "last" }
          : { ...end, kind: "event", content: content as Uint8Array };
      if (!model.isInEvent) return { kind: "starved", usedBytes: 0 };
      this.#paused = coder.bounds;
      return { kind: "starved", usedBytes: coder.consumedBytes - 4 };
    }, paused !== undefined);
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

  /** @param isResumed whether it goes on with an event */
  #withChanges<T>(work: () => T, isResumed = false): T {
    const table = this.#table;
    const set = (slot: number, value: number): void => {
      table.set(slot, value);
    };
    try {
      if (!isResumed) this.#model.match.slide(this.#windowBytes);
      this.#changes.apply(set);
      if (isResumed) this.#pausedSlots?.forEach((value, slot) => set(slot, value));
      const result = work();
      this.#changes.take(table.slots, table.journal, table.journalSize);
      this.#pausedSlots =
        this.#paused && this.#changes.missing(table.slots, table.journal, table.journalSize);
      return result;
    } finally {
      table.restore();
    }
  }
}
