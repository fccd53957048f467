import {
  CodecEngine,
  findReservedOpening,
  FrameCodec,
  peekFrame,
  type FrameHeader,
} from "../../codec/index.js";
import { M2MError, type ErrorCode } from "../../shared/errors.js";
import type { Limits } from "../../shared/limits.js";
import { decodeUtf8 } from "../../shared/utf8.js";
import { PAYLOAD_CHECKS } from "./checks.js";
import type { PayloadCheck, PayloadFinding } from "./types.js";

export interface WireOptions {
  /** Opens secured wires; unsecured ones are opened too. */
  key?: Uint8Array;
  /** Bounds of what a wire may decompress to. */
  limits?: Partial<Limits>;
}

export interface OpenedContent {
  readonly content: string | Uint8Array;
  /** Algorithms that were undone, outermost first. */
  readonly wires: readonly string[];
  readonly findings: PayloadFinding[];
}

/** A wire in a wire may be a mistake of two proxies in a row; more is none. */
const MAX_HONEST_WIRES = 3;
const MAX_WIRES = 8;
/** No honest text is compressed a thousandfold. */
const BOMB_RATIO = 1000;
const BOMB_BYTES = 1024 * 1024;

/** Undoes the wires that `content` is wrapped in. What cannot be opened stays as it is and becomes a finding. */
export function openWires(content: string | Uint8Array, options: WireOptions = {}): OpenedContent {
  const wires: string[] = [];
  const findings: PayloadFinding[] = [];
  let inner = content;
  let engine: CodecEngine | undefined;
  while (isWire(inner)) {
    if (wires.length === MAX_HONEST_WIRES) findings.push(atStart(PAYLOAD_CHECKS.nestedWires, content));
    if (wires.length === MAX_WIRES) break;
    engine ??= new CodecEngine({ ...options, allowUnsecured: true });
    try {
      const { algorithm, bytes } = engine.decompress(inner);
      if (bytes.length > BOMB_BYTES && bytes.length > inner.length * BOMB_RATIO) {
        findings.push(atStart(PAYLOAD_CHECKS.decompressionBomb, content));
      }
      if (algorithm === "m2m" && isLying(inner, bytes)) {
        findings.push(atStart(PAYLOAD_CHECKS.lyingHeader, content));
      }
      if (algorithm === "none") break;
      wires.push(algorithm);
      inner = bytes;
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      // A text in Latin-1 may begin with a degree sign, as wires do.
      if (isForeignText(inner)) break;
      findings.push(atStart(CHECKS_BY_CODE[error.code] ?? PAYLOAD_CHECKS.brokenWire, content));
      break;
    }
  }
  return { content: inner, wires, findings };
}

/** Whether `content` has an opening of this protocol. A text with a control character in front is no binary wire. */
export function isWire(content: string | Uint8Array): boolean {
  const first = typeof content === "string" ? content.charCodeAt(0) : content[0];
  // Binary wires begin with a control character, or with a byte that begins no UTF-8.
  const mayOpen =
    first === 0x23 || (typeof content !== "string" && (first < 0x20 || (first & 0xc0) === 0x80));
  return mayOpen && findReservedOpening(content) !== undefined;
}

/** So many bytes tell a text from what is compressed. */
const SNIFF_BYTES = 8000;
/** Of a text of one byte a letter, more are ASCII; of compressed data three in eight. */
const MIN_ASCII_SHARE = 0.75;

/** Whether bytes that begin as a binary wire, and no UTF-8, read as a text in an older encoding. */
function isForeignText(content: string | Uint8Array): boolean {
  if (typeof content === "string" || content[0] < 0x80) return false;
  const head = content.subarray(1, SNIFF_BYTES);
  let ascii = 0;
  for (const byte of head) {
    if (byte < 0x20 && (byte < 9 || byte > 13)) return false;
    if (byte < 0x7f) ascii++;
  }
  return ascii >= head.length * MIN_ASCII_SHARE;
}

function atStart(check: PayloadCheck, { length }: string | Uint8Array): PayloadFinding {
  return { check, pointer: "", offset: 0, length, position: 0 };
}

/** What an error of the codec says of the wire; any other is a broken wire. */
const CHECKS_BY_CODE: Readonly<Partial<Record<ErrorCode, PayloadCheck>>> = {
  M2M_OUTPUT_TOO_LARGE: PAYLOAD_CHECKS.decompressionBomb,
  M2M_INPUT_TOO_LARGE: PAYLOAD_CHECKS.decompressionBomb,
  M2M_JSON_TOO_DEEP: PAYLOAD_CHECKS.deepNesting,
  M2M_CHECKSUM_MISMATCH: PAYLOAD_CHECKS.checksumMismatch,
  M2M_AUTHENTICATION_FAILED: PAYLOAD_CHECKS.checksumMismatch,
  M2M_FRAME_INVALID: PAYLOAD_CHECKS.lyingHeader,
  M2M_FRAME_TRAILING_BYTES: PAYLOAD_CHECKS.lyingHeader,
  M2M_KEY_REQUIRED: PAYLOAD_CHECKS.sealedWire,
  M2M_VERSION_UNSUPPORTED: PAYLOAD_CHECKS.sealedWire,
  M2M_TOKENIZER_UNSUPPORTED: PAYLOAD_CHECKS.sealedWire,
  M2M_PLATFORM_UNSUPPORTED: PAYLOAD_CHECKS.sealedWire,
  M2M_PACKAGE_MISSING: PAYLOAD_CHECKS.sealedWire,
};

/** Whether the headers that routers read differ from what the content says of itself. */
function isLying(wire: string | Uint8Array, content: Uint8Array): boolean {
  const stated = peekFrame(typeof wire === "string" ? wire.trimEnd() : wire);
  const { schema } = stated;
  const limits = { maxInputBytes: content.length };
  const honest = peekFrame(new FrameCodec({ schema, limits, quality: 0 }).encodeBinary(content));
  return contradicts(stated, honest);
}

/** Token counts and prices are estimates; who speaks to which model is not. */
function contradicts({ routing, response }: FrameHeader, honest: FrameHeader): boolean {
  if (routing && honest.routing) {
    const { model, msgCount, roles } = honest.routing;
    if (routing.model !== model || routing.msgCount !== msgCount) return true;
    if (routing.roles && roles && routing.roles.join() !== roles.join()) return true;
  }
  if (!response || !honest.response) return false;
  return response.id !== honest.response.id || response.model !== honest.response.model;
}

/** The text of what a wire holds, if it is text. */
export function textOf(content: string | Uint8Array): string | undefined {
  if (typeof content === "string") return content;
  try {
    return decodeUtf8(content);
  } catch (error) {
    if (error instanceof M2MError) return undefined;
    throw error;
  }
}
