import type { Role } from "./parties.js";

/** A message of a transcript, told when its turn has ended, or at the end of the transcript if that never came. */
export interface TranscriptMessage {
  readonly by: Role;
  /** Of the transcript's connections, from 0. */
  readonly connection: number;
  readonly stream: number;
  readonly number: number;
  readonly sizeBytes: number;
  readonly sha256: Uint8Array;
  /** Number of the turn that it ended in, and what the signer says when that ended, in Unix milliseconds; absent if it is not signed. */
  readonly turn?: number;
  readonly timeMs?: number;
  /** It was sent again, after a connection was lost. */
  readonly isRepeat: boolean;
  readonly content?: Uint8Array;
}

/** A side has signed that its application has taken the first `count` messages of a stream of the other. */
export interface Receipt {
  readonly stream: number;
  readonly count: number;
  readonly timeMs: number;
}

export interface SideReport {
  /** Turns whose signatures verify. */
  readonly turns: number;
  readonly signedMessages: number;
  readonly unsignedMessages: number;
  /** Of all messages; what was sent again counts again. */
  readonly messageBytes: number;
  /** The highest of each stream. */
  readonly receipts: readonly Receipt[];
  /** What the last turn says, in Unix milliseconds. */
  readonly lastTurnMs?: number;
}

/** A signature that does not verify, or a turn that is none. What stands behind it was not read. */
export interface TranscriptFailure {
  /** Of the block in the file. */
  readonly offset: number;
  readonly connection: number;
  readonly by: Role;
  readonly turn: number;
  readonly reason: string;
}

export interface TranscriptReport {
  /** Identities, 32 bytes each; absent if the transcript ends before its first block. */
  readonly parties?: { readonly initiator: Uint8Array; readonly responder: Uint8Array };
  /** When the first connection began, by the clock of who wrote the transcript, in Unix milliseconds. */
  readonly startedMs?: number;
  readonly connections: number;
  /** closed: the session was closed. lost: the last connection was. cut: the transcript has no end. failed: it was not read to its end (`failure`). */
  readonly state: "closed" | "lost" | "cut" | "failed";
  readonly sides: Readonly<Record<Role, SideReport>>;
  /** Absent if all signatures verify. */
  readonly failure?: TranscriptFailure;
}
