import type { SecurityMode } from "../types.js";
import type { FinishReason, FrameRole, FrameSchema } from "./layout.js";

/** What a request says of itself, readable without its payload. */
export interface RoutingHeader {
  /** Empty if the content names none. */
  model: string;
  /** Messages, up to `MAX_ROUTED_MESSAGES`. */
  msgCount: number;
  /** One role a message, in order; `undefined` if the sender left some out (docs/spec/errata.md, "Roles"). */
  roles?: FrameRole[];
  /** UTF-8 bytes of the messages' text; `undefined` where `roles` is. */
  contentHint?: number;
  maxTokens?: number;
  /** The sender's estimate by the protocol's own price table, not a price of today. */
  estCostUsd?: number;
}

/** What a response says of itself, readable without its payload. */
export interface ResponseHeader {
  id: string;
  model: string;
  finishReason: FinishReason;
  promptTokens: number;
  completionTokens: number;
  cachedTokens?: number;
  reasoningTokens?: number;
  estCostUsd?: number;
}

/** Everything a frame shows without its payload. Only a verified frame's header can be trusted. */
export interface FrameHeader {
  version: 1;
  schema: FrameSchema;
  security: SecurityMode;
  compressed: boolean;
  /** Names of the request's or response's flags that are set. */
  flags: string[];
  /** Length of the fixed and the variable header in bytes. */
  headerBytes: number;
  /** Length of the payload as sent, in bytes; `undefined` in `aead` frames, which encrypt it. */
  payloadBytes?: number;
  routing?: RoutingHeader;
  response?: ResponseHeader;
}
