import type { FoundText, SegmentCollector } from "./collector.js";

/** A longer message says enough alone. */
export const MAX_TURN_UNITS = 400;
/** So many units of messages are read as one. */
const MAX_SEQUENCE_UNITS = 8192;

/** Gathers messages of one role that follow one another: an attack may be spread over them. */
export class TurnCollector {
  readonly #collector: SegmentCollector;
  #role = "";
  #messages = 0;
  #units = 0;
  #found: FoundText[] = [];

  constructor(collector: SegmentCollector) {
    this.#collector = collector;
  }

  add(role: string, found: readonly FoundText[]): void {
    if (role !== this.#role || this.#units > MAX_SEQUENCE_UNITS) this.finish();
    this.#role = role;
    this.#messages++;
    for (const one of found) {
      this.#found.push(one);
      this.#units += one.text.length;
    }
  }

  /** What one message says is judged without this. */
  finish(): void {
    if (this.#messages > 1) this.#collector.addSequence(this.#found);
    this.#found = [];
    this.#messages = this.#units = 0;
  }
}
