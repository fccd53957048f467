import type { RateDecision, RateLimitBucket } from "../../../shared/stores.js";
import { TokenBuckets } from "../../../shared/token-buckets.js";

export interface PeerLimitOptions {
  /** Bytes that a peer may send: at once, and for each second. */
  readonly bucket: RateLimitBucket;
  /** What a packet costs beyond its bytes, so that one limit holds small packets back too. Default 256. */
  readonly packetCost?: number;
  /** Most peers that are remembered. Default 10,000. */
  readonly maxPeers?: number;
  /** A clock in milliseconds. */
  readonly nowMs: () => number;
}

const DEFAULT_PACKET_COST = 256;

/** How much each peer may send, over all its connections. */
export class PeerLimit {
  readonly #bucket: RateLimitBucket;
  readonly #packetCost: number;
  readonly #buckets: TokenBuckets;

  constructor({ bucket, packetCost = DEFAULT_PACKET_COST, maxPeers, nowMs }: PeerLimitOptions) {
    this.#bucket = bucket;
    this.#packetCost = packetCost;
    this.#buckets = new TokenBuckets({ maxBuckets: maxPeers, nowMs });
  }

  /**
   * A packet of a peer has come. One that is refused should wait, and with it what follows on its connection: nothing is to be lost.
   * @param peer its identity or address, as text
   * @throws {InputError} `M2M_USAGE` if the bucket is none
   */
  take(peer: string, sizeBytes: number): RateDecision {
    const cost = Math.min(sizeBytes + this.#packetCost, this.#bucket.capacity);
    return this.#buckets.take(peer, cost, this.#bucket);
  }
}
