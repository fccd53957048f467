import type { AlgorithmName, ContentVerdict, DecompressionResult } from "../codec/index.js";
import type { Message, SecurityStatus } from "./message.js";

/** The content of a DATA message that was received. */
export interface ReceivedData extends DecompressionResult {
  /** What this side's scanner made of it; absent if nothing is scanned. */
  readonly security?: SecurityStatus;
  /** The scanner's own answer. */
  readonly verdict?: ContentVerdict;
  /** Why the scanner failed, where that does not refuse the content. */
  readonly scanFailure?: unknown;
  /** What the sender says of it. A claim. */
  readonly claimed?: SecurityStatus;
}

/** What a message of the peer came to. */
export interface Reception {
  readonly message: Message;
  /** To be sent. */
  readonly reply?: Message;
  /** Of DATA. */
  readonly data?: ReceivedData;
}

export interface SendOptions {
  /** One of the agreed ones. Default: the first of them that carries the content. */
  readonly algorithm?: AlgorithmName;
}
