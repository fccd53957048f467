import type { RateDecision, RateLimitBucket } from "../../../shared/stores.js";
import { assertBucket, TokenBuckets } from "../../../shared/token-buckets.js";

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

  /** @throws {InputError} `M2M_USAGE` if the bucket is none */
  constructor({ bucket, packetCost = DEFAULT_PACKET_COST, maxPeers, nowMs }: PeerLimitOptions) {
    assertBucket(0, bucket);
    this.#bucket = bucket;
    this.#packetCost = packetCost;
    this.#buckets = new TokenBuckets({ maxBuckets: maxPeers, nowMs });
  }

  /** The most that can be taken at once. */
  get capacity(): number {
    return this.#bucket.capacity;
  }

  /** What so many bytes cost that have come together. */
  costOf(sizeBytes: number): number {
    return sizeBytes + this.#packetCost;
  }

  /**
   * Takes a part of what a peer has to pay for. While it is refused, what follows on its connection should wait: nothing is to be lost.
   * @param peer its identity or address, as text
   * @param cost at most `capacity`: more is never allowed
   * @throws {InputError} `M2M_USAGE` if the cost is below 0
   */
  take(peer: string, cost: number): RateDecision {
    return this.#buckets.take(peer, cost, this.#bucket);
  }
}
