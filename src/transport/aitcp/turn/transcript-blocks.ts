import { FormatError } from "../../../shared/errors.js";
import { tryReadVarint53, type TurnEnd } from "../frames/index.js";
import {
  IDENTITY_BYTES,
  roleOf,
  SIGNATURE_BYTES,
  SIGNATURE_MODES,
  type Role,
  type SignatureMode,
  type TurnScope,
} from "./parties.js";

/** "AITCP-T1" begins a transcript; the digit is its version. */
export const TRANSCRIPT_MAGIC: Uint8Array = new TextEncoder().encode("AITCP-T1");

/** Types of blocks (docs/spec/aitcp.md, Transcript). */
export const BLOCK = Object.freeze({ OPENING: 1, FRAMES: 2, TURN: 3, END: 4 } as const);

/** Most bytes of a block's body: those of a packet. */
export const MAX_BLOCK_BYTES = 65_536;

const HASH_BYTES = 32;
const TIME_BYTES = 8;
const OPENING_BYTES = 1 + HASH_BYTES + 2 * IDENTITY_BYTES + TIME_BYTES;

export interface OpeningBlock {
  readonly type: "opening";
  readonly mode: SignatureMode;
  readonly scope: TurnScope;
  readonly timeMs: number;
}
export interface FramesBlock {
  readonly type: "frames";
  readonly role: Role;
  readonly frames: Uint8Array;
}
export interface TurnBlock {
  readonly type: "turn";
  readonly role: Role;
  readonly turnEnd: TurnEnd;
  readonly signature: Uint8Array;
}
export interface EndBlock {
  readonly type: "end";
  readonly isClosed: boolean;
}
export type TranscriptBlock = OpeningBlock | FramesBlock | TurnBlock | EndBlock;

/**
 * The block with this body.
 * @param offset of the body in the file, for errors
 * @throws {FormatError} `M2M_TRANSCRIPT_INVALID`
 */
export function readBlock(type: number, body: Uint8Array, offset: number): TranscriptBlock {
  switch (type) {
    case BLOCK.OPENING:
      return readOpening(body, offset);
    case BLOCK.FRAMES:
      return { type: "frames", role: readRole(body, offset), frames: body.subarray(1) };
    case BLOCK.TURN:
      return readTurn(body, offset);
    case BLOCK.END:
      if (body.length !== 1 || body[0] > 1) throw invalidTranscript("an end that is none", offset);
      return { type: "end", isClosed: body[0] === 1 };
    default:
      throw invalidTranscript(`an unknown block ${type}`, offset);
  }
}

function readOpening(body: Uint8Array, offset: number): OpeningBlock {
  const mode = SIGNATURE_MODES[body[0]] as SignatureMode | undefined;
  if (body.length !== OPENING_BYTES || !mode) throw invalidTranscript("an opening that is none", offset);
  const part = (start: number, length: number): Uint8Array =>
    Uint8Array.from(body.subarray(start, start + length));
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const timeMs = Number(view.getBigUint64(OPENING_BYTES - TIME_BYTES));
  if (!Number.isSafeInteger(timeMs)) throw invalidTranscript("a time that is none", offset);
  const scope = {
    handshakeHash: part(1, HASH_BYTES),
    initiator: part(1 + HASH_BYTES, IDENTITY_BYTES),
    responder: part(1 + HASH_BYTES + IDENTITY_BYTES, IDENTITY_BYTES),
  };
  return { type: "opening", mode, scope, timeMs };
}

function readTurn(body: Uint8Array, offset: number): TurnBlock {
  const role = readRole(body, offset);
  const cursor = { offset: 1 };
  const number = tryReadVarint53(body, cursor);
  const timeMs = number === undefined ? undefined : tryReadVarint53(body, cursor);
  if (number === undefined || timeMs === undefined || body.length - cursor.offset !== SIGNATURE_BYTES) {
    throw invalidTranscript("a turn that is none", offset);
  }
  return { type: "turn", role, turnEnd: { number, timeMs }, signature: body.subarray(cursor.offset) };
}

function readRole(body: Uint8Array, offset: number): Role {
  const role = roleOf(body[0]);
  if (!role) throw invalidTranscript("a side that is none", offset);
  return role;
}

export function invalidTranscript(what: string, offset: number, cause?: unknown): FormatError {
  return new FormatError("M2M_TRANSCRIPT_INVALID", `At byte ${offset} the transcript has ${what}.`, {
    offset,
    cause,
  });
}
