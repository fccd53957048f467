import type { AiTcpCrypto } from "../crypto/index.js";
import type { PeerLimit } from "../flow/index.js";
import type { RecordWriter, StreamFrame, TicketFrame } from "../frames/index.js";
import type { Established } from "../handshake/index.js";
import type { Identity } from "../identity/index.js";
import type { EpochLimits, PacketHead } from "../protection/index.js";
import type { CreateHash, Sign, TranscriptWriter, Verify } from "../turn/index.js";
import type { PacketPipe } from "./packet-pipe.js";

/** What a link carries, and whom it tells. */
export interface LinkOwner {
  /** Writes frames; nothing if there is nothing to say. */
  fill(writer: RecordWriter): void;
  /** Takes frames, in order. What it throws ends the session. */
  onFrame(frame: StreamFrame | TicketFrame): void;
  /** The peer has shown that it has the keys. Told once, before its first frame. */
  onConfirmed(): void;
  /** All frames that had come were told. */
  onBatch(): void;
  /** The connection is over. Told once. */
  onLinkEnd(end: LinkEnd): void;
  /** What the session writes down of what is said and signed. */
  readonly transcript?: TranscriptWriter | undefined;
}

/** How a connection ended. */
export interface LinkEnd {
  /** The session is over too; else it waits for another connection. */
  readonly isFinal: boolean;
  /** Absent for a good end. */
  readonly error?: Error;
}

export interface RecordLinkOptions {
  readonly pipe: PacketPipe;
  readonly established: Established;
  readonly crypto: AiTcpCrypto;
  /** For one record at a time: links may share it. */
  readonly writer: RecordWriter;
  /** For one packet at a time: links may share it. */
  readonly head: PacketHead;
  /** Of this side. */
  readonly identity: Identity;
  /** How turns are signed and verified. */
  readonly signing: { readonly sign: Sign; readonly verify: Verify; readonly createHash: CreateHash };
  /** After how long without a packet the connection is dead, in milliseconds. */
  readonly idleMs: number;
  /** How fast a peer may send. Default: as fast as it likes. */
  readonly peerLimit?: PeerLimit;
  /** Default: those of the specification. */
  readonly epochLimits?: EpochLimits;
  /** In milliseconds since 1970: for what is said of the time. It may go back. */
  readonly nowMs: () => number;
  /** In milliseconds of a clock that does not go back: for how long something lasts. */
  readonly monotonicMs: () => number;
}
