import type { IncomingMessage } from "node:http";
import { readBody } from "../http/index.js";
import { LimitError } from "../shared/errors.js";
import { Refusal } from "./refusal.js";

/** When who finds no room may come again. */
const RETRY_AFTER_S = "1";

export interface HeldBodiesOptions {
  /** Most bytes of one body. */
  readonly maxBodyBytes: number;
  /** Most bytes of all bodies together. */
  readonly maxHeldBytes: number;
}

/** The bodies of requests that are held in memory, from their first byte to the end of their exchange. */
export class HeldBodies {
  readonly #options: HeldBodiesOptions;
  #heldBytes = 0;

  constructor(options: HeldBodiesOptions) {
    this.#options = options;
  }

  /** Of one request. */
  open(): HeldBody {
    let ownBytes = 0;
    const hold = (bytes: number): Refusal | undefined => {
      if (this.#heldBytes + bytes > this.#options.maxHeldBytes) return noRoom();
      this.#heldBytes += bytes;
      ownBytes += bytes;
      return undefined;
    };
    return {
      read: (request) => readBody(request, this.#options.maxBodyBytes, hold),
      release: () => {
        this.#heldBytes -= ownBytes;
        ownBytes = 0;
      },
    };
  }
}

export interface HeldBody {
  /**
   * The whole body.
   * @throws {LimitError} `M2M_INPUT_TOO_LARGE`
   * @throws {InputError} `M2M_REQUEST_INVALID` if the client goes away before the end
   * @throws {Refusal} `M2M_BUSY` if there is no room for it now
   */
  read(request: IncomingMessage): Promise<Buffer>;
  /** It is not needed any more. */
  release(): void;
}

function noRoom(): Refusal {
  const reason = new LimitError("M2M_BUSY", "The proxy holds as many bytes of requests as it may.", {
    hint: "Send it again after the seconds in Retry-After.",
  });
  return new Refusal(reason, ["retry-after", RETRY_AFTER_S]);
}
