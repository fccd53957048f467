import { DEFAULT_WINDOW_BYTES, defaultPriors, type AlgorithmName } from "../codec/index.js";

/**
 * What HELLO and ACCEPT say of `dictionary` (docs/spec/session.md, "Dictionary"): one extension for each prior, by its hash,
 * whose value is the version of the format.
 */
const PRIOR_EXTENSION = /^prior:([0-9a-f]{8})$/u;
const DICTIONARY_VERSION = "1";

/** The extension by which a side says that it keeps a window of this many bytes; agreed if both say the same. */
export const HISTORY_EXTENSION = "history";
export const HISTORY_WINDOW = String(DEFAULT_WINDOW_BYTES);

/** The priors that extensions name, as `PriorCache` spells them. */
export function namedPriors(extensions: ReadonlyMap<string, string>): string[] {
  return [...extensions].flatMap(([name, version]) => {
    const prior = PRIOR_EXTENSION.exec(name)?.[1];
    return prior !== undefined && version === DICTIONARY_VERSION ? [prior] : [];
  });
}

/**
 * The extensions by which a side offers `dictionary`: they name the priors that are here.
 * @throws {FormatError} `M2M_PRIOR_INVALID`
 * @throws {UnsupportedError} `M2M_PLATFORM_UNSUPPORTED` where no file can be read
 */
export function dictionaryExtensions(): Map<string, string> {
  return new Map(defaultPriors.names.map((name) => [`prior:${name}`, DICTIONARY_VERSION]));
}

/** Whether DATA in `dictionary` builds on what went over its connection before. */
export function usesHistory(
  agreed:
    | { readonly algorithms: readonly AlgorithmName[]; readonly extensions: ReadonlyMap<string, string> }
    | undefined,
): boolean {
  return (
    agreed !== undefined &&
    agreed.algorithms.includes("dictionary") &&
    agreed.extensions.get(HISTORY_EXTENSION) === HISTORY_WINDOW
  );
}
