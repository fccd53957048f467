import { InputError, ProtocolError } from "../../../shared/errors.js";
import {
  aligned,
  DATA_PREFIX_BYTES,
  HEADER_OFFSET,
  LAST_LENGTH_OFFSET,
  packetBytes,
  SEQUENCE_OFFSET,
  SIGNATURE_BYTES,
  SIZE_PREFIX_BYTES,
  TAG_BYTES,
} from "../packet/index.js";
import type { PacketCrypto } from "./packet-crypto.js";
import { applyMask, MASK_BYTES, PacketHead } from "./packet-head.js";
import { buffersOf } from "./head-buffers.js";
import { SequenceCounter, writeSequence } from "./sequence.js";
import { TrafficKeys } from "./traffic-keys.js";

export interface EpochLimits {
  /** Most packets of an epoch. */
  readonly packetsPerEpoch: number;
  /** How long an epoch may last, in milliseconds from its first packet. */
  readonly epochMs: number;
}

/** docs/spec/aitcp.md, Rekeying. */
export const EPOCH_LIMITS: EpochLimits = { packetsPerEpoch: 2 ** 24, epochMs: 120_000 };

export interface PacketSealerOptions {
  /** Traffic secret 0 of this direction, 32 bytes, which is copied. */
  readonly trafficSecret: Uint8Array;
  /** The sender's ephemeral public key of the handshake, which is copied. */
  readonly ephemeralKey: Uint8Array;
  readonly crypto: PacketCrypto;
  /** Default: its own. */
  readonly head?: PacketHead;
  /** For tests and for the cautious: lower than `EPOCH_LIMITS`. */
  readonly limits?: Partial<EpochLimits>;
}

/** Shorter records are copied into their packets: that costs less than writing three chunks. */
const MIN_CHUNKED_BYTES = 8192;

/** Makes the DATA packets of one direction of a connection. */
export class PacketSealer {
  readonly #crypto: PacketCrypto;
  readonly #limits: EpochLimits;
  readonly #head: PacketHead;
  readonly #sequence = new SequenceCounter();
  #keys: TrafficKeys;
  #packetsOfEpoch = 0;
  #epochStartMs = 0;
  #isDestroyed = false;

  constructor({ trafficSecret, ephemeralKey, crypto, head, limits }: PacketSealerOptions) {
    this.#crypto = crypto;
    this.#limits = limits ? { ...EPOCH_LIMITS, ...limits } : EPOCH_LIMITS;
    this.#keys = new TrafficKeys(crypto, trafficSecret, ephemeralKey);
    this.#head = head ?? new PacketHead();
  }

  /** Epochs since the connection began. */
  get epoch(): number {
    return this.#keys.epoch;
  }

  /** The number of the next packet. */
  get nextSequence(): number {
    return this.#sequence.next;
  }

  /**
   * Seals a record, in the next epoch if this one has come to its limit.
   * @param record at most `MAX_RECORD_BYTES`
   * @param nowMs the time, in milliseconds of any clock that does not go back
   * @param signature of a turn, 64 bytes; none is zeros
   * @returns the packet with its size prefix
   * @throws {LimitError} `M2M_PAYLOAD_TOO_LARGE`, `M2M_SEQUENCE_EXHAUSTED`
   * @throws {ProtocolError} `M2M_PROTOCOL_STATE` after `destroy`
   */
  seal(record: Uint8Array, nowMs: number, signature?: Uint8Array): Uint8Array {
    const { ciphertext, tag } = this.#sealRecord(record, nowMs, signature);
    const packet = Buffer.allocUnsafe(packetBytes(DATA_PREFIX_BYTES, ciphertext.length + TAG_BYTES));
    packet.set(this.#head.masked);
    packet.set(ciphertext, DATA_PREFIX_BYTES);
    packet.set(tag, DATA_PREFIX_BYTES + ciphertext.length);
    packet.fill(0, DATA_PREFIX_BYTES + ciphertext.length + TAG_BYTES);
    return packet;
  }

  /** As `seal`, in chunks that follow each other: a long record is not copied. */
  sealChunks(record: Uint8Array, nowMs: number, signature?: Uint8Array): Uint8Array[] {
    if (record.length < MIN_CHUNKED_BYTES) return [this.seal(record, nowMs, signature)];
    const { ciphertext, tag } = this.#sealRecord(record, nowMs, signature);
    const end = new Uint8Array(aligned(ciphertext.length + TAG_BYTES) - ciphertext.length);
    end.set(tag);
    return [Buffer.from(this.#head.masked), ciphertext, end];
  }

  /** Goes to the next epoch, unless this one has no packet yet: a receiver knows the epoch after the one that it has seen, and no later. */
  rekey(): void {
    if (this.#packetsOfEpoch === 0 || this.#isDestroyed) return;
    const next = this.#keys.next();
    this.#keys.destroy();
    this.#keys = next;
    this.#packetsOfEpoch = 0;
  }

  /** Overwrites the secrets. Nothing can be sealed afterwards. */
  destroy(): void {
    this.#isDestroyed = true;
    this.#keys.destroy();
    this.#head.wipe();
  }

  /** Seals a record; what stands before it is in `masked` of the head then. */
  #sealRecord(
    record: Uint8Array,
    nowMs: number,
    signature: Uint8Array | undefined,
  ): ReturnType<PacketCrypto["sealParts"]> {
    if (this.#isDestroyed) throw new ProtocolError("M2M_PROTOCOL_STATE", "The keys have been destroyed.");
    if (signature !== undefined && signature.length !== SIGNATURE_BYTES) {
      throw new InputError("M2M_USAGE", `A signature has ${SIGNATURE_BYTES} bytes, not ${signature.length}.`);
    }
    const contentLength = record.length + TAG_BYTES;
    const size = packetBytes(DATA_PREFIX_BYTES, contentLength);
    this.#rekeyWhenDue(nowMs);
    // From here on the number is used, whatever happens.
    const sequence = this.#sequence.take();
    if (this.#packetsOfEpoch++ === 0) this.#epochStartMs = nowMs;

    const { bytes: head, ephemeralKey, nonce, signature: signatureField } = buffersOf(this.#head);
    const { key, label } = this.#keys;
    this.#keys.writeSender(ephemeralKey);
    head.writeUInt32LE(size - SIZE_PREFIX_BYTES, 0);
    head.writeUInt32LE(contentLength, LAST_LENGTH_OFFSET);
    head[HEADER_OFFSET + 1] = label;
    this.#keys.writeNonce(nonce, sequence);
    writeSequence(head, SEQUENCE_OFFSET, sequence);
    if (signature === undefined) signatureField.fill(0);
    else signatureField.set(signature);
    const sealed = this.#crypto.sealParts(key, nonce, this.#head.associatedData(contentLength), record);
    this.#mask(sealed.ciphertext, sealed.tag);
    return sealed;
  }

  #mask(ciphertext: Uint8Array, tag: Uint8Array): void {
    const { mask, masked, sample } = this.#head;
    const length = Math.min(ciphertext.length, sample.length);
    for (let at = 0; at < length; at++) sample[at] = ciphertext[at];
    for (let at = length; at < sample.length; at++) sample[at] = tag[at - length];
    this.#crypto.chacha20Mask(this.#keys.maskKey, sample, MASK_BYTES, mask);
    masked.set(this.#head.associatedData(0));
    applyMask(masked, mask);
  }

  #rekeyWhenDue(nowMs: number): void {
    const { packetsPerEpoch, epochMs } = this.#limits;
    if (this.#packetsOfEpoch >= packetsPerEpoch || nowMs - this.#epochStartMs >= epochMs) this.rekey();
  }
}
