import { concatBytes } from "../../shared/bytes.js";
import { encodeUtf8, tryDecodeUtf8 } from "../../shared/utf8.js";
import { isJsonText } from "../../shared/json-text.js";
import { varintSize, writeVarint } from "../../shared/varint.js";
import { classify } from "./classify.js";
import { extractResponse, type Response } from "./extract-response.js";
import { extractEmbeddingRouting, extractRouting, type Routing } from "./extract-routing.js";
import {
  FINISH_REASONS,
  ROLES,
  UNKNOWN_FINISH_REASON,
  type FinishReason,
  type FrameRole,
  type FrameSchema,
} from "./layout.js";

/** What goes into a frame's headers besides lengths, security and compression. */
export interface ContentHeader {
  schema: FrameSchema;
  /** Bits 0 to 15 of the flags. */
  flags: number;
  /** The variable header's bytes. */
  variable: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/**
 * The header for `content`. Content that is not UTF-8, not JSON, or nested deeper than `maxJsonDepth` is not looked
 * into: it is `unknown`, or what `forced` says, with empty fields.
 */
export function describeContent(
  content: Uint8Array,
  maxJsonDepth: number,
  forced?: FrameSchema,
): ContentHeader {
  const text = tryDecodeUtf8(content);
  const json: unknown = text !== undefined && isJsonText(text, maxJsonDepth) ? JSON.parse(text) : undefined;
  const schema = forced ?? (json === undefined ? "unknown" : classify(json));
  switch (schema) {
    case "request":
      return withRouting(schema, extractRouting(json));
    case "embedding-request":
      return withRouting(schema, extractEmbeddingRouting(json));
    case "response":
      return withResponse(schema, extractResponse(json, true));
    case "embedding-response":
    case "error":
      return withResponse(schema, extractResponse(json, false));
    case "stream":
    case "custom":
    case "unknown":
      return { schema, flags: 0, variable: NO_BYTES };
  }
}

function withRouting(schema: FrameSchema, { header, flags }: Routing): ContentHeader {
  const out = new HeaderBytes();
  out.text(header.model);
  out.varint(header.msgCount);
  out.roles(header.roles);
  out.varint(header.contentHint);
  if (header.maxTokens !== undefined) out.varint(header.maxTokens);
  out.float32(header.estCostUsd);
  return { schema, flags, variable: out.finish() };
}

function withResponse(schema: FrameSchema, { header, flags }: Response): ContentHeader {
  const out = new HeaderBytes();
  out.text(header.id);
  out.text(header.model);
  out.byte(finishReasonByte(header.finishReason));
  out.varint(header.promptTokens);
  out.varint(header.completionTokens);
  if (header.cachedTokens !== undefined) out.varint(header.cachedTokens);
  if (header.reasoningTokens !== undefined) out.varint(header.reasoningTokens);
  if (header.estCostUsd !== undefined) out.float32(header.estCostUsd);
  return { schema, flags, variable: out.finish() };
}

function finishReasonByte(reason: FinishReason): number {
  return reason === "unknown" ? UNKNOWN_FINISH_REASON : FINISH_REASONS.indexOf(reason);
}

/** The pieces of a variable header, in order. */
class HeaderBytes {
  readonly #pieces: Uint8Array[] = [];

  byte(value: number): void {
    this.#pieces.push(Uint8Array.of(value));
  }

  /** One length byte, then UTF-8. The text has at most 255 bytes. */
  text(value: string): void {
    const bytes = encodeUtf8(value);
    this.byte(bytes.length);
    this.#pieces.push(bytes);
  }

  /** A count; what passes 32 bits is written as the largest one. */
  varint(value: number): void {
    const bounded = Math.min(value, 0xffffffff);
    const bytes = new Uint8Array(varintSize(bounded));
    writeVarint(bytes, 0, bounded);
    this.#pieces.push(bytes);
  }

  /** Two bits a role, the first in the lowest bits; the bits behind the last one are zero. */
  roles(roles: readonly FrameRole[]): void {
    const bytes = new Uint8Array(Math.ceil(roles.length / 4));
    for (let i = 0; i < roles.length; i++) bytes[i >> 2] |= ROLES.indexOf(roles[i]) << ((i & 3) * 2);
    this.#pieces.push(bytes);
  }

  float32(value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#pieces.push(bytes);
  }

  finish(): Uint8Array {
    return concatBytes(this.#pieces);
  }
}
