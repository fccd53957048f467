import { randomInt } from "node:crypto";

/** Names the requests of a process for its log: what is of one request has one name. Those of two processes hardly ever meet. */
export class RequestIds {
  readonly #prefix = randomInt(2 ** 40)
    .toString(36)
    .padStart(8, "0");
  #count = 0;

  /** A name that was not given yet, such as `04kx1c9d-2f`. */
  next(): string {
    return `${this.#prefix}-${(++this.#count).toString(36)}`;
  }
}
