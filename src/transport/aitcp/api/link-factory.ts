import { RecordLink, type PacketPipe, type RecordLinkOptions } from "../connection/index.js";
import type { AiTcpCrypto } from "../crypto/index.js";
import { RecordWriter } from "../frames/index.js";
import type { PeerLimit } from "../flow/index.js";
import type { Established } from "../handshake/index.js";
import type { Identity } from "../identity/index.js";
import { MAX_RECORD_BYTES } from "../packet/index.js";
import { PacketHead } from "../protection/index.js";
import type { Clocks } from "./clocks.js";

export interface LinkFactoryOptions extends Clocks {
  readonly crypto: AiTcpCrypto;
  readonly identity: Identity;
  readonly idleMs: number;
  /** How fast a peer may send. Default: as fast as it likes. */
  readonly peerLimit?: PeerLimit;
}

/** Makes links of connections whose handshake is over. */
export class LinkFactory {
  readonly #options: LinkFactoryOptions;
  /** Records are written one at a time, as packets are: all links share it. */
  readonly #writer = new RecordWriter(new Uint8Array(MAX_RECORD_BYTES));
  readonly #head = new PacketHead();
  readonly #signing: RecordLinkOptions["signing"];

  constructor(options: LinkFactoryOptions) {
    this.#options = options;
    const { crypto, identity } = options;
    this.#signing = {
      sign: (bytes) => identity.sign(bytes),
      verify: (...signed) => crypto.verify(...signed),
      createHash: () => crypto.createSha256(),
    };
  }

  make(pipe: PacketPipe, established: Established): RecordLink {
    const shared = { writer: this.#writer, head: this.#head, signing: this.#signing };
    return new RecordLink({ ...this.#options, ...shared, pipe, established });
  }
}
