import type { M2MError } from "../shared/errors.js";

/** A request that is not sent on, with headers that tell the client when to come again. */
export class Refusal extends Error {
  readonly reason: M2MError;
  /** Name, value, name, value. */
  readonly headers: readonly string[];

  constructor(reason: M2MError, headers: readonly string[]) {
    super(reason.message, { cause: reason });
    this.reason = reason;
    this.headers = headers;
  }
}
