import type { LevelName, PolicyName } from "./algorithms.js";
import type { BpeEncodingName } from "./encodings.js";

/** Vocabulary of `token-native`, and of counts, where nothing says which: the protocol's canonical fallback. */
export const DEFAULT_ENCODING: BpeEncodingName = "cl100k_base";

export const DEFAULT_POLICY: PolicyName = "published";

/** Of `dictionary`. */
export const DEFAULT_LEVEL: LevelName = "default";

/** Content above this many bytes takes brotli under the policy `published`. */
export const DEFAULT_BROTLI_THRESHOLD_BYTES = 1024;

/** Compresses a 4 KB message in well under 1 ms at p99 (docs/benchmarks/codec.md, "Brotli quality"). */
export const DEFAULT_BROTLI_QUALITY = 5;

/** Token counts at which the router's strategy changes. */
export interface RouterThresholds {
  /** Messages of fewer tokens are skipped. */
  skipBelowTokens: number;
  /** Messages of at least this many tokens are compressed fully; those between are optimized. */
  fullFromTokens: number;
}

export const DEFAULT_ROUTER_THRESHOLDS: Readonly<RouterThresholds> = Object.freeze({
  skipBelowTokens: 25,
  fullFromTokens: 100,
});
