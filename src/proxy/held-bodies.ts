import type { IncomingMessage } from "node:http";
import { HeldBytes, readBody, type HeldShare } from "../http/index.js";
import { LimitError } from "../shared/errors.js";
import { Refusal } from "./refusal.js";

/** When who finds no room may come again. */
const RETRY_AFTER_S = "1";

export interface HeldBodiesOptions {
  /** Most bytes of one body, and of what is made of it. */
  readonly maxBodyBytes: number;
  /** Most bytes of all bodies together, as they came, opened and as they are sent. What one may have always fits. */
  readonly maxHeldBytes: number;
}

/** The bodies of requests that are held in memory, from their first byte to the end of their exchange. */
export class HeldBodies {
  readonly #maxBodyBytes: number;
  readonly #held: HeldBytes;

  constructor({ maxBodyBytes, maxHeldBytes }: HeldBodiesOptions) {
    this.#maxBodyBytes = maxBodyBytes;
    this.#held = new HeldBytes({ maxBytes: maxHeldBytes, noRoom });
  }

  /** Of one request. */
  open(): HeldBody {
    return new HeldBody(this.#held.open(), this.#maxBodyBytes);
  }
}

/** The body of one request, and what is made of it. */
export class HeldBody {
  readonly #share: HeldShare;
  readonly #maxBytes: number;

  constructor(share: HeldShare, maxBytes: number) {
    this.#share = share;
    this.#maxBytes = maxBytes;
  }

  /**
   * The whole body.
   * @throws {LimitError} `M2M_INPUT_TOO_LARGE`
   * @throws {InputError} `M2M_REQUEST_INVALID` if the client goes away before the end
   * @throws {Refusal} `M2M_BUSY` if there is no room for it now
   */
  read(request: IncomingMessage): Promise<Buffer> {
    return readBody(request, this.#maxBytes, (sizeBytes) => this.#share.tryHold(sizeBytes));
  }

  /**
   * Holds what `open` makes of the body, if that is anything, beside the body.
   * @param open is told how many bytes it may make
   * @throws {Refusal} `M2M_BUSY` if there is no room for it now, and what `open` throws
   */
  unpack<Opened extends { readonly bytes: Uint8Array } | undefined>(
    open: (maxOutputBytes: number) => Opened,
  ): Opened {
    return this.#share.unpack(this.#maxBytes, open);
  }

  /** Holds so many bytes more. @throws {Refusal} `M2M_BUSY` */
  hold(sizeBytes: number): void {
    this.#share.hold(sizeBytes);
  }

  /** None of it is needed any more. */
  release(): void {
    this.#share.release();
  }
}

function noRoom(): Refusal {
  const reason = new LimitError("M2M_BUSY", "The proxy holds as many bytes of requests as it may.", {
    hint: "Send it again after the seconds in Retry-After.",
  });
  return new Refusal(reason, ["retry-after", RETRY_AFTER_S]);
}
