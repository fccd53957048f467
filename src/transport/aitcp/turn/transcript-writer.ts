import { MAX_VARINT53_BYTES, writeVarint53 } from "../frames/index.js";
import { letterOf, SIGNATURE_MODES, type Role, type SignatureMode, type TurnScope } from "./parties.js";
import { BLOCK, TRANSCRIPT_MAGIC } from "./transcript-blocks.js";
import type { SignedTurn } from "./turn-signer.js";

/** Writes the transcript of a session, block by block (docs/spec/aitcp.md, Transcript). */
export class TranscriptWriter {
  readonly #write: (bytes: Uint8Array) => void;

  /** @param write takes the next bytes of the file */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
    write(TRANSCRIPT_MAGIC.slice());
  }

  /** A connection of the session begins. */
  open({ handshakeHash, initiator, responder }: TurnScope, mode: SignatureMode, timeMs: number): void {
    const time = new Uint8Array(8);
    new DataView(time.buffer).setBigUint64(0, BigInt(timeMs));
    this.#block(
      BLOCK.OPENING,
      Uint8Array.of(SIGNATURE_MODES.indexOf(mode)),
      handshakeHash,
      initiator,
      responder,
      time,
    );
  }

  /** A side has sent a record. @param frames of it, without PADDING and TURN_END */
  frames(role: Role, frames: Uint8Array): void {
    if (frames.length > 0) this.#block(BLOCK.FRAMES, Uint8Array.of(letterOf(role)), frames);
  }

  /** A turn of a side has ended with the record before. */
  turn(role: Role, { number, timeMs, signature }: SignedTurn): void {
    this.#block(BLOCK.TURN, Uint8Array.of(letterOf(role)), varint(number), varint(timeMs), signature);
  }

  /** The connection is over. @param isClosed it was by CLOSE, not by a loss */
  end(isClosed: boolean): void {
    this.#block(BLOCK.END, Uint8Array.of(isClosed ? 1 : 0));
  }

  #block(type: number, ...parts: Uint8Array[]): void {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const block = new Uint8Array(1 + MAX_VARINT53_BYTES + length);
    block[0] = type;
    let at = writeVarint53(block, 1, length);
    for (const part of parts) {
      block.set(part, at);
      at += part.length;
    }
    this.#write(block.subarray(0, at));
  }
}

function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(MAX_VARINT53_BYTES);
  return bytes.subarray(0, writeVarint53(bytes, 0, value));
}
