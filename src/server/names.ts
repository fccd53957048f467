import { AVAILABLE_ALGORITHM_NAMES, type AlgorithmName } from "../shared/algorithms.js";
import { BPE_ENCODINGS, parseEncoding, type BpeEncodingName } from "../shared/encodings.js";

/** How the published API spells an algorithm: as messages do, without the hyphen. */
export function algorithmToApi(name: AlgorithmName): string {
  return name.replace("-", "");
}

const BY_API_NAME: ReadonlyMap<string, AlgorithmName> = new Map(
  AVAILABLE_ALGORITHM_NAMES.flatMap((name) => [
    [name, name],
    [algorithmToApi(name), name],
  ]),
);

/** What a request may name: the published spelling and that of the command line. */
export const ALGORITHM_WORDS: readonly string[] = [...BY_API_NAME.keys()];

export function algorithmFromApi(word: string): AlgorithmName {
  return BY_API_NAME.get(word) as AlgorithmName;
}

/** Spellings of the vocabularies, as those of the command line. */
export const ENCODING_WORDS: readonly string[] = ["cl100k", "o200k", "llama3", ...BPE_ENCODINGS];

export function encodingFromApi(word: string): BpeEncodingName {
  return parseEncoding(word) as BpeEncodingName;
}
