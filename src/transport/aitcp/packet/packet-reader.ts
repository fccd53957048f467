import { ProtocolError } from "../../../shared/errors.js";
import { MAX_PACKET_BYTES, SIZE_PREFIX_BYTES } from "./layout.js";
import { checkSizeField } from "./read.js";

/** A packet's first room. It grows as bytes come, so a peer that only announces long packets fills no memory. */
const FIRST_ROOM_BYTES = 512;
/** A chunk as long as this is one of many: the room that the last packet had is used for the next one. */
const MANY_BYTES = 32 * 1024;

/** Takes a packet, with its size prefix. Its bytes are the reader's, and stay as they are until it returns. */
export type PacketTaker = (packet: Uint8Array) => void;

/**
 * Cuts a stream of bytes into packets. It holds one unfinished packet at most, whose size is checked before any byte of it is kept.
 * Nothing else is checked: that is for `readPacket`.
 */
export class PacketReader {
  /** Bytes of the unfinished packet, its prefix included, at the front. */
  #room: Uint8Array | undefined;
  #filled = 0;
  /** Of the unfinished packet, once its prefix is whole. */
  #wanted = 0;
  #isOver = false;

  /**
   * Takes the next bytes.
   * @param take is given the packets that are whole now, one after the other. Those that lie in `chunk` alone are views of it. What it throws ends the stream.
   * @throws {FormatError} `M2M_PACKET_INVALID` if no packet is as long as the next one says: the stream is over then, and each
   *   further call throws `M2M_PROTOCOL_STATE`
   */
  push(chunk: Uint8Array, take: PacketTaker): void {
    if (this.#isOver) throw new ProtocolError("M2M_PROTOCOL_STATE", "The stream of packets is broken.");
    try {
      let at = 0;
      while (at < chunk.length)
        at = this.#filled === 0 ? this.#cut(chunk, at, take) : this.#join(chunk, at, take);
      if (this.#filled === 0 && chunk.length < MANY_BYTES) this.#room = undefined;
    } catch (error) {
      this.#isOver = true;
      this.#room = undefined;
      this.#filled = 0;
      throw error;
    }
  }

  /** Takes a packet that begins at `at`: out of the chunk if it is whole. @returns the offset behind what was taken */
  #cut(chunk: Uint8Array, at: number, take: PacketTaker): number {
    const left = chunk.length - at;
    if (left >= SIZE_PREFIX_BYTES) {
      const end = at + wholeBytes(chunk, at);
      if (end <= chunk.length) {
        take(chunk.subarray(at, end));
        return end;
      }
    }
    return this.#join(chunk, at, take);
  }

  /** Adds what the unfinished packet still needs. @returns the offset behind what was taken */
  #join(chunk: Uint8Array, at: number, take: PacketTaker): number {
    if (this.#filled < SIZE_PREFIX_BYTES) {
      const end = this.#fill(chunk, at, SIZE_PREFIX_BYTES);
      if (this.#filled < SIZE_PREFIX_BYTES) return end;
      this.#wanted = wholeBytes(this.#room as Uint8Array, 0);
      at = end;
    }
    const end = this.#fill(chunk, at, this.#wanted);
    if (this.#filled === this.#wanted) {
      this.#filled = 0;
      take((this.#room as Uint8Array).subarray(0, this.#wanted));
    }
    return end;
  }

  /** Copies from `chunk` until `wanted` bytes are there, or it ends. */
  #fill(chunk: Uint8Array, at: number, wanted: number): number {
    const end = Math.min(chunk.length, at + wanted - this.#filled);
    const filled = this.#filled + end - at;
    const room = this.#roomFor(filled, chunk.length - at);
    room.set(chunk.subarray(at, end), this.#filled);
    this.#filled = filled;
    return end;
  }

  /** Room for `filled` bytes, and for more if many come at a time. */
  #roomFor(filled: number, coming: number): Uint8Array {
    const room = this.#room;
    if (room && filled <= room.length) return room;
    const length = Math.max(filled, FIRST_ROOM_BYTES, 2 * coming, 2 * (room?.length ?? 0));
    // What is not filled is never shown.
    const grown = Buffer.allocUnsafeSlow(Math.min(length, MAX_PACKET_BYTES));
    if (room) grown.set(room.subarray(0, this.#filled));
    this.#room = grown;
    return grown;
  }
}

/** Bytes of the packet whose prefix stands at `at`, prefix included. */
function wholeBytes(bytes: Uint8Array, at: number): number {
  const size = (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
  checkSizeField(size);
  return SIZE_PREFIX_BYTES + size;
}
