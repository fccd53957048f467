import { UnsupportedError } from "../shared/errors.js";
import type { Carrier, CarrierEvents } from "./carrier.js";
import type { ResolvedClientOptions } from "./options.js";

/** Stands for `AiTcpCarrier` in bundles for browsers (`browser` in package.json): there is no TCP, and its modules need Node's. */
export class AiTcpCarrier implements Carrier {
  readonly isAsking = false;
  #isClosed = false;

  constructor(_options: ResolvedClientOptions, events: CarrierEvents) {
    const error = new UnsupportedError("M2M_PLATFORM_UNSUPPORTED", "AI-TCP needs Node.", {
      hint: "Use WebSocket or HTTP here.",
    });
    void Promise.resolve().then(() => {
      if (!this.#isClosed) events.onLost(error, { isFinal: true });
    });
  }

  send(): void {}

  start(): void {}

  close(): void {
    this.#isClosed = true;
  }
}
