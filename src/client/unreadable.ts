import type { DataMessage } from "../session/index.js";

/** Messages that are remembered; more than one in a row that cannot be read is a defect of the server. */
const MAX_REMEMBERED = 64;

/**
 * DATA that did not follow what came before it on its connection. What a new connection brings again, as the first that was not
 * acknowledged, and is no better there, will never be: without an end to it the client would reconnect for ever.
 */
export class UnreadableMessages {
  readonly #places = new Set<string>();
  #losses = 0;

  /** How many connections were lost by them since anything new was read. */
  get losses(): number {
    return this.#losses;
  }

  /**
   * Takes note of one.
   * @returns whether it came before, and could not be read then either
   */
  note({ delivery: { ack, cursor } = {} }: DataMessage): boolean {
    this.#losses++;
    const place = cursor ?? (ack === undefined ? undefined : `ack ${ack}`);
    if (place === undefined || this.#places.delete(place)) return place !== undefined;
    if (this.#places.size >= MAX_REMEMBERED) this.#places.clear();
    this.#places.add(place);
    return false;
  }

  /** Something new was read. */
  progress(): void {
    this.#losses = 0;
  }
}
