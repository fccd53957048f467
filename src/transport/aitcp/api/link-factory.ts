import { RecordLink, type PacketPipe } from "../connection/index.js";
import type { AiTcpCrypto } from "../crypto/index.js";
import { RecordWriter } from "../frames/index.js";
import type { Established } from "../handshake/index.js";
import type { Identity } from "../identity/index.js";
import { MAX_RECORD_BYTES } from "../packet/index.js";
import { PacketHead } from "../protection/index.js";

export interface LinkFactoryOptions {
  readonly crypto: AiTcpCrypto;
  readonly identity: Identity;
  readonly idleMs: number;
  readonly nowMs: () => number;
}

/** Makes links of connections whose handshake is over. */
export class LinkFactory {
  readonly #options: LinkFactoryOptions;
  /** Records are written one at a time, as packets are: all links share it. */
  readonly #writer = new RecordWriter(new Uint8Array(MAX_RECORD_BYTES));
  readonly #head = new PacketHead();

  constructor(options: LinkFactoryOptions) {
    this.#options = options;
  }

  make(pipe: PacketPipe, established: Established): RecordLink {
    return new RecordLink({ ...this.#options, pipe, established, writer: this.#writer, head: this.#head });
  }
}
