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

/** How the protocol's messages and HTTP APIs spell an algorithm: `tokennative`. */
export function algorithmWord(name: AlgorithmName): string {
  return name.replace("-", "");
}

const BY_WORD: ReadonlyMap<string, AlgorithmName> = new Map(
  AVAILABLE_ALGORITHM_NAMES.flatMap((name) => [
    [name, name],
    [algorithmWord(name), name],
  ]),
);

/** What may be asked for: both spellings of each name that can be used. */
export const ALGORITHM_WORDS: readonly string[] = [...BY_WORD.keys()];

/** The algorithm of a word in either spelling; `undefined` if there is none that can be used. */
export function findAlgorithm(word: string): AlgorithmName | undefined {
  return BY_WORD.get(word.trim().toLowerCase());
}
