import { IntegrityError, ProtocolError } from "../../../shared/errors.js";
import { checkPacket, DATA_PREFIX_BYTES, SEQUENCE_OFFSET } from "../packet/index.js";
import type { PacketCrypto } from "./packet-crypto.js";
import { applyMask, MASK_BYTES, PacketHead } from "./packet-head.js";
import { buffersOf } from "./head-buffers.js";
import { ReplayWindow } from "./replay-window.js";
import { readSequence } from "./sequence.js";
import { TrafficKeys } from "./traffic-keys.js";

/** How long packets of the epoch before are taken, in milliseconds, after the first one of an epoch. */
export const PREVIOUS_EPOCH_MS = 30_000;

export interface PacketOpenerOptions {
  /** Traffic secret 0 of this direction, 32 bytes, which is copied. */
  readonly trafficSecret: Uint8Array;
  /** The peer's ephemeral public key of the handshake, which is copied. */
  readonly peerEphemeralKey: Uint8Array;
  readonly crypto: PacketCrypto;
  /** Default: its own. */
  readonly head?: PacketHead;
}

export interface OpenedPacket {
  readonly record: Uint8Array;
  readonly sequence: number;
  /** 64 bytes: of a turn, or zeros. */
  readonly signature: Uint8Array;
  /** Epochs since the connection began. */
  readonly epoch: number;
}

/** Opens the DATA packets of one direction of a connection. A packet that is refused changes nothing. */
export class PacketOpener {
  readonly #crypto: PacketCrypto;
  readonly #head: PacketHead;
  readonly #window = new ReplayWindow();
  #present: TrafficKeys;
  /** Made when a packet first claims to be of the next epoch, and kept: forged ones cost no derivation each. */
  #next: TrafficKeys | undefined;
  #previous: TrafficKeys | undefined;
  #previousUntilMs = 0;
  #isDestroyed = false;

  constructor({ trafficSecret, peerEphemeralKey, crypto, head }: PacketOpenerOptions) {
    this.#crypto = crypto;
    this.#head = head ?? new PacketHead();
    this.#present = new TrafficKeys(crypto, trafficSecret, peerEphemeralKey);
  }

  /** The latest epoch that a packet was authenticated of. */
  get epoch(): number {
    return this.#present.epoch;
  }

  /**
   * Opens a packet.
   * @param packet with its size prefix; it is not changed
   * @param nowMs the time, in milliseconds of any clock that does not go back
   * @throws {FormatError} `M2M_PACKET_INVALID`, `M2M_PACKET_TRUNCATED`
   * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED`
   * @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED`, `M2M_PACKET_REPLAYED`
   * @throws {ProtocolError} `M2M_PROTOCOL_STATE` for a packet of another kind, and after `destroy`
   */
  open(packet: Uint8Array, nowMs: number): OpenedPacket {
    if (this.#isDestroyed) throw new ProtocolError("M2M_PROTOCOL_STATE", "The keys have been destroyed.");
    const { kind, variant, contentLength } = checkPacket(packet);
    if (kind !== "data") {
      throw new ProtocolError("M2M_PROTOCOL_STATE", `A packet ${kind} holds no sealed record.`);
    }
    const keys = this.#keysOf(variant, nowMs);
    const { bytes: head, nonce, signature, mask, sample } = this.#head;
    head.set(packet.subarray(0, DATA_PREFIX_BYTES));
    for (let at = 0; at < sample.length; at++) sample[at] = packet[DATA_PREFIX_BYTES + at];
    applyMask(head, this.#crypto.chacha20Mask(keys.maskKey, sample, MASK_BYTES, mask));
    const sequence = this.#sequenceIn(keys);
    const sealed = packet.subarray(DATA_PREFIX_BYTES, DATA_PREFIX_BYTES + contentLength);
    const associatedData = this.#head.associatedData(contentLength);
    const record = this.#crypto.open(keys.key, nonce, associatedData, sealed);

    this.#window.add(sequence);
    if (keys === this.#next) this.#advance(keys, nowMs);
    return { record, sequence, signature: copyOf(signature), epoch: keys.epoch };
  }

  /** Overwrites the secrets. Nothing can be opened afterwards. */
  destroy(): void {
    this.#isDestroyed = true;
    for (const keys of [this.#previous, this.#present, this.#next]) keys?.destroy();
    this.#head.wipe();
  }

  /** The keys of the epoch that a packet claims to be of. */
  #keysOf(label: number, nowMs: number): TrafficKeys {
    if (label === this.#present.label) return this.#present;
    if (label === (this.#present.label + 1) % 256) return (this.#next ??= this.#present.next());
    if (this.#previous !== undefined && nowMs >= this.#previousUntilMs) {
      this.#previous.destroy();
      this.#previous = undefined;
    }
    if (label === this.#previous?.label) return this.#previous;
    throw forged("The packet is of an epoch that is neither the present one nor one beside it.");
  }

  /** The packet's number, if nonce and sender belong to it and it is new. */
  #sequenceIn(keys: TrafficKeys): number {
    const { bytes, ephemeralKey, nonce, expectedNonce } = buffersOf(this.#head);
    const sequence = readSequence(bytes, SEQUENCE_OFFSET);
    if (sequence === undefined || !keys.isSender(ephemeralKey)) {
      throw forged("The packet is not of this connection.");
    }
    keys.writeNonce(expectedNonce, sequence);
    if (!expectedNonce.equals(nonce)) throw forged("The nonce is not that of the sequence number.");
    if (this.#window.isFresh(sequence)) return sequence;
    throw new IntegrityError("M2M_PACKET_REPLAYED", "The packet was received before, or is too old to tell.");
  }

  /** Takes up the next epoch. */
  #advance(next: TrafficKeys, nowMs: number): void {
    this.#previous?.destroy();
    this.#previous = this.#present;
    this.#previousUntilMs = nowMs + PREVIOUS_EPOCH_MS;
    this.#present = next;
    this.#next = undefined;
  }
}

function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy;
}

function forged(message: string): IntegrityError {
  return new IntegrityError("M2M_AUTHENTICATION_FAILED", message);
}
