import { tryDecodeUtf8 } from "../../shared/utf8.js";
import { tryReadVarint } from "../../shared/varint.js";
import { shortestFloat32 } from "./cost.js";
import { frameInvalid } from "./errors.js";
import { REQUEST_FLAGS, RESPONSE_FLAGS } from "./flags.js";
import type { ResponseHeader, RoutingHeader } from "./header.js";
import {
  FINISH_REASONS,
  FIXED_HEADER_BYTES,
  ROLES,
  UNKNOWN_FINISH_REASON,
  VARIABLE_HEADERS,
  type FinishReason,
  type FrameRole,
} from "./layout.js";
import type { FixedHeader } from "./read-header.js";

/**
 * Reads the variable header that `fixed` announces.
 * @param body the bytes behind the prefix
 * @throws {FormatError} `M2M_FRAME_INVALID` if its fields do not fill exactly the announced length
 */
export function readVariableHeader(
  body: Uint8Array,
  fixed: FixedHeader,
): { routing?: RoutingHeader; response?: ResponseHeader } {
  const fields = new HeaderFields(body.subarray(0, fixed.headerBytes));
  switch (VARIABLE_HEADERS[fixed.schema]) {
    case "routing":
      return { routing: readRouting(fields, fixed) };
    case "response":
      return { response: readResponse(fields, fixed) };
    case "none":
      if (fields.left > 0)
        throw frameInvalid(`a ${fixed.schema} frame has no variable header`, FIXED_HEADER_BYTES);
      return {};
    case "opaque":
      return {};
  }
}

/**
 * A published sender leaves out the role of a message whose role has no code, and the number where `max_tokens` is
 * null, though the count and the flag say that they are there (docs/spec/errata.md). So if the fields as announced do
 * not fill the header, the readings that such a sender can have meant are tried; what stays uncertain is undefined.
 */
function readRouting(fields: HeaderFields, { flags }: FixedHeader): RoutingHeader {
  const model = fields.text("model");
  const msgCount = fields.require(fields.varint(), "message count");
  const base = { model, msgCount };
  const announced = (flags & REQUEST_FLAGS.maxTokens) !== 0;
  const start = fields.at;
  const roleBytes = Math.ceil(msgCount / 4);
  // Known senders always write the cost, so a reading without one comes last: four bytes may also pass for a number.
  for (const [withMaxTokens, costBytes] of [
    [announced, 4],
    [false, 4],
    [announced, 0],
  ] as const) {
    fields.at = start;
    const roles = fields.roles(msgCount);
    const contentHint = roles && fields.varint();
    const maxTokens = withMaxTokens && contentHint !== undefined ? fields.varint() : undefined;
    if (contentHint === undefined || (withMaxTokens && maxTokens === undefined)) continue;
    if (fields.left !== costBytes) continue;
    const estCostUsd = costBytes === 4 ? fields.float32() : undefined;
    return { ...base, roles, contentHint, maxTokens, estCostUsd };
  }
  // Fewer role bytes than announced: a hint of 1 to 5 bytes, perhaps a number of 1 to 5, and the cost have to remain.
  const last = Math.min(start + roleBytes - 1, fields.end - 5);
  for (let at = Math.max(start, fields.end - 14); at <= last; at++) {
    fields.at = at;
    if (fields.varint() === undefined) continue;
    if (fields.left > 4 && announced && fields.varint() === undefined) continue;
    if (fields.left === 4) return { ...base, estCostUsd: fields.float32() };
  }
  throw frameInvalid("its routing header does not fill its length", start);
}

function readResponse(fields: HeaderFields, { flags }: FixedHeader): ResponseHeader {
  const response: ResponseHeader = {
    id: fields.text("id"),
    model: fields.text("model"),
    finishReason: fields.finishReason(),
    promptTokens: fields.require(fields.varint(), "prompt tokens"),
    completionTokens: fields.require(fields.varint(), "completion tokens"),
  };
  if (flags & RESPONSE_FLAGS.cachedTokens) {
    response.cachedTokens = fields.require(fields.varint(), "cached tokens");
  }
  if (flags & RESPONSE_FLAGS.reasoningTokens) {
    response.reasoningTokens = fields.require(fields.varint(), "reasoning tokens");
  }
  const costBytes = flags & RESPONSE_FLAGS.costEstimate ? 4 : 0;
  if (fields.left !== costBytes)
    throw frameInvalid("its response header does not fill its length", fields.at);
  if (costBytes > 0) response.estCostUsd = fields.float32();
  return response;
}

/** A reader of header fields. `undefined` stands for a field that is not there or malformed. */
class HeaderFields {
  readonly #bytes: Uint8Array;
  at = FIXED_HEADER_BYTES;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get end(): number {
    return this.#bytes.length;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  require<T>(field: T | undefined, name: string): T {
    if (field === undefined) throw frameInvalid(`its ${name} is malformed or missing`, this.at);
    return field;
  }

  /** A length byte, then UTF-8. */
  text(name: string): string {
    const length = this.left > 0 ? this.#bytes[this.at] : 0;
    const start = this.at + 1;
    const text = this.left > length ? tryDecodeUtf8(this.#bytes.subarray(start, start + length)) : undefined;
    const value = this.require(text, name);
    this.at = start + length;
    return value;
  }

  varint(): number | undefined {
    const cursor = { offset: this.at };
    const value = tryReadVarint(this.#bytes, cursor);
    this.at = cursor.offset;
    return value;
  }

  /** Two bits a role; the bits behind the last one have to be zero. */
  roles(roleCount: number): FrameRole[] | undefined {
    const size = Math.ceil(roleCount / 4);
    if (this.left < size) return undefined;
    const bytes = this.#bytes.subarray(this.at, this.at + size);
    if (roleCount % 4 !== 0 && bytes[size - 1] >> ((roleCount % 4) * 2) !== 0) return undefined;
    this.at += size;
    return Array.from({ length: roleCount }, (_, i) => ROLES[(bytes[i >> 2] >> ((i & 3) * 2)) & 3]);
  }

  finishReason(): FinishReason {
    const byte = this.left > 0 ? this.#bytes[this.at] : undefined;
    const reason =
      byte === UNKNOWN_FINISH_REASON ? "unknown" : byte === undefined ? undefined : FINISH_REASONS[byte];
    const value = this.require(reason, "finish reason");
    this.at++;
    return value;
  }

  /** Little-endian binary32; `undefined` if it is no finite number. */
  float32(): number | undefined {
    const value = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.at, 4).getFloat32(0, true);
    this.at += 4;
    return Number.isFinite(value) ? shortestFloat32(value) : undefined;
  }
}
