import { ProtocolError } from "../../../shared/errors.js";
import { SIZE_PREFIX_BYTES } from "./layout.js";
import { checkSizeField } from "./read.js";

/** A packet's first room. It doubles as bytes come, so a peer that only announces long packets fills no memory. */
const FIRST_ROOM_BYTES = 512;

/**
 * Cuts a stream of bytes into packets. It holds one unfinished packet at most, whose size is checked before any byte of it is kept.
 * Nothing else is checked: that is for `readPacket`.
 */
export class PacketReader {
  /** Bytes of the unfinished packet, its prefix included, at the front. */
  #room = new Uint8Array(0);
  #filled = 0;
  /** Of the unfinished packet, once its prefix is whole. */
  #wanted = 0;
  #isOver = false;

  /** Bytes that wait for the rest of their packet. */
  get partialBytes(): number {
    return this.#filled;
  }

  /**
   * Takes the next bytes.
   * @returns the packets that are whole now, with their prefixes. Those that lie in `chunk` alone are views of it.
   * @throws {FormatError} `M2M_PACKET_INVALID` if no packet is as long as the next one says: the stream is over then, and each
   *   further call throws `M2M_PROTOCOL_STATE`
   */
  push(chunk: Uint8Array): Uint8Array[] {
    if (this.#isOver) throw new ProtocolError("M2M_PROTOCOL_STATE", "The stream of packets is broken.");
    const packets: Uint8Array[] = [];
    try {
      let at = 0;
      while (at < chunk.length)
        at = this.#filled === 0 ? this.#cut(chunk, at, packets) : this.#join(chunk, at, packets);
    } catch (error) {
      this.#isOver = true;
      this.#room = new Uint8Array(0);
      this.#filled = 0;
      throw error;
    }
    return packets;
  }

  /** Takes a packet that begins at `at`: out of the chunk if it is whole. @returns the offset behind what was taken */
  #cut(chunk: Uint8Array, at: number, packets: Uint8Array[]): number {
    const left = chunk.length - at;
    if (left >= SIZE_PREFIX_BYTES) {
      const end = at + wholeBytes(chunk, at);
      if (end <= chunk.length) {
        packets.push(chunk.subarray(at, end));
        return end;
      }
    }
    return this.#join(chunk, at, packets);
  }

  /** Adds what the unfinished packet still needs. @returns the offset behind what was taken */
  #join(chunk: Uint8Array, at: number, packets: Uint8Array[]): number {
    if (this.#filled < SIZE_PREFIX_BYTES) {
      const end = this.#fill(chunk, at, SIZE_PREFIX_BYTES);
      if (this.#filled < SIZE_PREFIX_BYTES) return end;
      this.#wanted = wholeBytes(this.#room, 0);
      at = end;
    }
    const end = this.#fill(chunk, at, this.#wanted);
    if (this.#filled === this.#wanted) {
      packets.push(this.#room.subarray(0, this.#wanted));
      this.#room = new Uint8Array(0);
      this.#filled = 0;
    }
    return end;
  }

  /** Copies from `chunk` until `wanted` bytes are there, or it ends. */
  #fill(chunk: Uint8Array, at: number, wanted: number): number {
    const end = Math.min(chunk.length, at + wanted - this.#filled);
    const filled = this.#filled + end - at;
    if (filled > this.#room.length) {
      const room = new Uint8Array(Math.max(filled, this.#nextRoom(wanted)));
      room.set(this.#room.subarray(0, this.#filled));
      this.#room = room;
    }
    this.#room.set(chunk.subarray(at, end), this.#filled);
    this.#filled = filled;
    return end;
  }

  #nextRoom(wanted: number): number {
    return Math.min(wanted, Math.max(FIRST_ROOM_BYTES, 2 * this.#room.length));
  }
}

/** Bytes of the packet whose prefix stands at `at`, prefix included. */
function wholeBytes(bytes: Uint8Array, at: number): number {
  const size = (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
  checkSizeField(size);
  return SIZE_PREFIX_BYTES + size;
}
