import type { AlgorithmName } from "../shared/algorithms.js";
import type { AiTcpFlags } from "./aitcp-flags.js";

/** The flags of `m2m connect`. They are read before the client is loaded. */
export interface ConnectFlags extends AiTcpFlags {
  readonly channel?: string;
  readonly "send-only"?: boolean;
  readonly algorithm?: AlgorithmName;
  readonly token?: string;
  readonly "trust-on-first-use"?: boolean;
  readonly transcript?: string;
}
