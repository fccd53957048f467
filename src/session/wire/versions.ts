import type { AlgorithmName } from "../../codec/index.js";
import type { EncodingName } from "../../shared/encodings.js";

/** Versions of the protocol that are understood. */
export const PROTOCOL_VERSIONS = ["3.0", "4.0"] as const;
export type ProtocolVersion = (typeof PROTOCOL_VERSIONS)[number];

/** What a new session offers: the version that every published peer speaks. */
export const LATEST_COMMON_VERSION: ProtocolVersion = "3.0";

type Names<Name extends string> = readonly (readonly [wire: string, name: Name])[];

/** How one version of the protocol spells its names. A version that has none of these is not understood. */
export interface WireVersion {
  readonly version: ProtocolVersion;
  readonly algorithms: Names<AlgorithmName>;
  readonly encodings: Names<EncodingName>;
  /**
   * What is offered unless the caller says otherwise, the most preferred first. A published peer cannot read a HELLO with
   * an algorithm that it has no name for, so this holds what all of the version's peers know.
   */
  readonly offer: readonly AlgorithmName[];
}

const ALGORITHM_NAMES: Names<AlgorithmName> = [
  ["tokennative", "token-native"],
  ["token", "token"],
  ["brotli", "brotli"],
  ["dictionary", "dictionary"],
  ["m2m", "m2m"],
  ["none", "none"],
];

const ENCODING_NAMES: Names<EncodingName> = [
  ["Cl100kBase", "cl100k_base"],
  ["O200kBase", "o200k_base"],
  ["LlamaBpe", "llama"],
  ["Heuristic", "heuristic"],
];

const WIRE_VERSIONS: readonly WireVersion[] = Object.freeze([
  {
    version: "3.0",
    algorithms: ALGORITHM_NAMES,
    encodings: ENCODING_NAMES,
    offer: ["token-native", "brotli", "none"],
  },
  {
    version: "4.0",
    algorithms: ALGORITHM_NAMES,
    encodings: ENCODING_NAMES,
    offer: ["m2m", "token-native", "brotli", "none"],
  },
]);

/** How `version` is spelled, or `undefined` if it is not understood here. */
export function findVersion(version: string): WireVersion | undefined {
  return WIRE_VERSIONS.find((candidate) => candidate.version === version);
}

/** The version that messages are read by while none is agreed. */
export function commonVersion(): WireVersion {
  return findVersion(LATEST_COMMON_VERSION) as WireVersion;
}

/** The name that `wire` spells, or `undefined`. */
export function fromWire<Name extends string>(names: Names<Name>, wire: string): Name | undefined {
  return names.find(([spelling]) => spelling === wire)?.[1];
}

/** How `name` is spelled. Every name of this package has a spelling in every version. */
export function toWire<Name extends string>(names: Names<Name>, name: Name): string {
  const found = names.find(([, candidate]) => candidate === name);
  if (!found) throw new TypeError(`${name} has no spelling.`);
  return found[0];
}
