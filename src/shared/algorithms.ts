/** Algorithm names as flags, configuration and capability lists spell them, in order of cost. */
export const ALGORITHM_NAMES = ["none", "token", "token-native", "brotli", "m2m", "dictionary"] as const;
export type AlgorithmName = (typeof ALGORITHM_NAMES)[number];

/** Names kept for codecs that this version does not have: never advertised, refused when asked for. */
export const RESERVED_ALGORITHM_NAMES: readonly AlgorithmName[] = ["dictionary"];

/** The names that can be used, in order of cost. */
export const AVAILABLE_ALGORITHM_NAMES: readonly AlgorithmName[] = ALGORITHM_NAMES.filter(
  (name) => !RESERVED_ALGORITHM_NAMES.includes(name),
);

/**
 * How `auto` chooses: `published` follows the protocol's table (small: none, up to the Brotli threshold: token-native,
 * larger: brotli); `smallest` tries all that carry the bytes exactly and keeps the smallest within a time budget.
 */
export const POLICY_NAMES = ["published", "smallest"] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];
