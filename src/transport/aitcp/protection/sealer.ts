import { InputError, ProtocolError } from "../../../shared/errors.js";
import {
  DATA_PREFIX_BYTES,
  HEADER_OFFSET,
  LAST_LENGTH_OFFSET,
  packetBytes,
  SEQUENCE_OFFSET,
  SIGNATURE_BYTES,
  SIZE_PREFIX_BYTES,
  TAG_BYTES,
  writePacket,
} from "../packet/index.js";
import type { PacketCrypto } from "./packet-crypto.js";
import { applyMask, MASK_BYTES, maskSample, PacketHead } from "./packet-head.js";
import { SequenceCounter, writeNonce, writeSequence } from "./sequence.js";
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
  /** The sender's ephemeral public key of the handshake. */
  readonly ephemeralKey: Uint8Array;
  readonly crypto: PacketCrypto;
  /** For tests and for the cautious: lower than `EPOCH_LIMITS`. */
  readonly limits?: Partial<EpochLimits>;
}

/** Makes the DATA packets of one direction of a connection. */
export class PacketSealer {
  readonly #crypto: PacketCrypto;
  readonly #limits: EpochLimits;
  readonly #head = new PacketHead();
  readonly #sequence = new SequenceCounter();
  #keys: TrafficKeys;
  #packetsOfEpoch = 0;
  #epochStartMs = 0;
  #isDestroyed = false;

  constructor({ trafficSecret, ephemeralKey, crypto, limits }: PacketSealerOptions) {
    this.#crypto = crypto;
    this.#limits = { ...EPOCH_LIMITS, ...limits };
    this.#keys = new TrafficKeys(crypto, trafficSecret);
    this.#head.bytes.set(emptyPacket(ephemeralKey));
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
  seal(record: Uint8Array, nowMs: number, signature?: Uint8Array): Buffer {
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

    const { bytes: head, nonce, signature: signatureField, mask } = this.#head;
    const { key, iv, maskKey, label } = this.#keys;
    head.writeUInt32LE(size - SIZE_PREFIX_BYTES, 0);
    head.writeUInt32LE(contentLength, LAST_LENGTH_OFFSET);
    head[HEADER_OFFSET + 1] = label;
    writeNonce(nonce, 0, iv, sequence);
    writeSequence(head, SEQUENCE_OFFSET, sequence);
    if (signature === undefined) signatureField.fill(0);
    else signatureField.set(signature);

    const packet = Buffer.allocUnsafe(size);
    packet.set(head.subarray(0, DATA_PREFIX_BYTES));
    const sealed = packet.subarray(DATA_PREFIX_BYTES);
    this.#crypto.sealInto(key, nonce, this.#head.associatedData(contentLength), record, sealed);
    packet.fill(0, DATA_PREFIX_BYTES + contentLength);
    applyMask(packet, this.#crypto.chacha20Mask(maskKey, maskSample(packet), MASK_BYTES, mask));
    return packet;
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
    this.#head.bytes.fill(0);
  }

  #rekeyWhenDue(nowMs: number): void {
    const { packetsPerEpoch, epochMs } = this.#limits;
    if (this.#packetsOfEpoch >= packetsPerEpoch || nowMs - this.#epochStartMs >= epochMs) this.rekey();
  }
}

/** The bytes before the record of a packet, without those that differ from packet to packet. */
function emptyPacket(ephemeralKey: Uint8Array): Uint8Array {
  return writePacket({
    kind: "data",
    epoch: 0,
    ephemeralKey,
    nonce: new Uint8Array(12),
    encryptedSequenceId: new Uint8Array(8),
    signature: new Uint8Array(64),
    encryptedPayload: new Uint8Array(0),
  });
}
