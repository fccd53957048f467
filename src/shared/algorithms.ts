/** Algorithm names as flags, configuration and capability lists spell them, in order of cost. */
export const ALGORITHM_NAMES = ["none", "token", "token-native", "brotli", "m2m", "dictionary"] as const;
export type AlgorithmName = (typeof ALGORITHM_NAMES)[number];

/**
 * How `auto` chooses: `published` follows the protocol's table (small: none, up to the Brotli threshold: token-native,
 * larger: brotli); `smallest` tries all that carry the bytes exactly and keeps the smallest within a time budget.
 */
export const POLICY_NAMES = ["published", "smallest"] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** How much time `dictionary` takes: from a tenth of a millisecond per KB to one and more. */
export const LEVEL_NAMES = ["fast", "default", "max"] as const;
export type LevelName = (typeof LEVEL_NAMES)[number];

/** How the protocol's messages and HTTP APIs spell an algorithm: `tokennative`. */
export function algorithmWord(name: AlgorithmName): string {
  return name.replace("-", "");
}

const BY_WORD: ReadonlyMap<string, AlgorithmName> = new Map(
  ALGORITHM_NAMES.flatMap((name) => [
    [name, name],
    [algorithmWord(name), name],
  ]),
);

/** What may be asked for: both spellings of each name. */
export const ALGORITHM_WORDS: readonly string[] = [...BY_WORD.keys()];

/** The algorithm of a word in either spelling; `undefined` if there is none. */
export function findAlgorithm(word: string): AlgorithmName | undefined {
  return BY_WORD.get(word.trim().toLowerCase());
}
