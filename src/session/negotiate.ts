import type { AlgorithmName } from "../codec/index.js";
import { isBpeEncoding, type BpeEncodingName } from "../shared/encodings.js";
import { quote } from "../shared/quote.js";
import type { Capabilities, SecurityCapabilities } from "./capabilities.js";
import type { Rejection } from "./message.js";
import { namedPriors } from "./dictionary-extensions.js";
import { PROTOCOL_VERSIONS, type ProtocolVersion } from "./wire/versions.js";

/** What both sides have. */
export interface Agreement {
  readonly version: ProtocolVersion;
  /** Never empty; in the initiator's order. The first is used unless the content needs another. */
  readonly algorithms: readonly AlgorithmName[];
  /** Vocabularies of `token-native`, in the initiator's order; empty if that is not agreed. */
  readonly encodings: readonly BpeEncodingName[];
  /** The vocabulary that is used. */
  readonly encoding?: BpeEncodingName;
  /** Most bytes of a content before compression; 0 is no limit. */
  readonly maxPayloadBytes: number;
  readonly streaming: boolean;
  readonly mlRouting: boolean;
  readonly security: AgreedSecurity;
  readonly extensions: ReadonlyMap<string, string>;
}

export interface AgreedSecurity {
  /** Both sides scan what they receive. */
  readonly threatDetection: boolean;
  /** The version that both sides have; absent if they differ. */
  readonly modelVersion?: string;
  /** Both sides refuse threats. */
  readonly blocking: boolean;
  /** The stricter of both thresholds. */
  readonly blockThreshold: number;
}

export type Negotiation =
  | { readonly agreed: Agreement; readonly refused?: undefined }
  | { readonly agreed?: undefined; readonly refused: Rejection };

export interface NegotiationPolicy {
  /** Refuse peers that do not scan, and block if this side blocks. */
  readonly requireSecurity?: boolean;
}

/**
 * What the two sides agree on, or why not. Both sides compute the same: preference is the initiator's, everything else is
 * the same either way round.
 */
export function negotiate(
  initiator: Capabilities,
  responder: Capabilities,
  policy: NegotiationPolicy = {},
): Negotiation {
  if (initiator.version !== responder.version) {
    return { refused: versionMismatch(responder.version, [initiator.version]) };
  }
  const ours = initiator.compression;
  const theirs = responder.compression;
  const encodings = common(ours.encodings, theirs.encodings).filter(isBpeEncoding);
  const extensions = commonEntries(initiator.extensions, responder.extensions);
  const algorithms = common(offered(initiator), offered(responder))
    .filter((name) => name !== "dictionary" || namedPriors(extensions).length > 0)
    .filter((name) => name !== "token-native" || encodings.length > 0);
  if (algorithms.length === 0) return { refused: NO_COMMON_ALGORITHM };
  const security = agreeSecurity(initiator.security, responder.security);
  if (policy.requireSecurity && lacksSecurity(security, initiator.security, responder.security)) {
    return { refused: INSUFFICIENT_SECURITY };
  }
  const vocabularies = algorithms.includes("token-native") ? encodings : [];
  return {
    agreed: {
      version: initiator.version,
      algorithms,
      encodings: vocabularies,
      encoding: vocabularies.find((name) => name === ours.preferredEncoding) ?? vocabularies[0],
      maxPayloadBytes: smallerLimit(ours.maxPayloadBytes, theirs.maxPayloadBytes),
      streaming: ours.streaming && theirs.streaming,
      mlRouting: ours.mlRouting && theirs.mlRouting,
      security,
      extensions,
    },
  };
}

/**
 * What a responder answers in ACCEPT: its own capabilities without what the initiator lacks, so that the initiator meets no
 * name it does not know. Negotiating with the answer gives the same agreement.
 */
export function narrowCapabilities(responder: Capabilities, agreed: Agreement): Capabilities {
  return {
    ...responder,
    version: agreed.version,
    compression: {
      algorithms: agreed.algorithms,
      maxPayloadBytes: agreed.maxPayloadBytes,
      streaming: agreed.streaming,
      mlRouting: agreed.mlRouting,
      encodings: agreed.encodings,
      preferredEncoding: agreed.encoding ?? responder.compression.preferredEncoding,
    },
    extensions: agreed.extensions,
  };
}

/** The refusal of a version that is not among `accepted`. */
export function versionMismatch(
  version: string,
  accepted: readonly ProtocolVersion[] = PROTOCOL_VERSIONS,
): Rejection {
  return {
    code: "VERSION_MISMATCH",
    message: `Version ${quote(version)} does not fit; this side speaks ${accepted.join(" and ")}.`,
  };
}

const NO_COMMON_ALGORITHM: Rejection = Object.freeze({
  code: "NO_COMMON_ALGORITHM",
  message: "The two sides have no algorithm in common.",
});

const INSUFFICIENT_SECURITY: Rejection = Object.freeze({
  code: "SECURITY_POLICY",
  message: "This side requires security that the other does not have.",
});

/**
 * The algorithms that a side has. Naming a prior offers `dictionary`, before all others unless the list says where: in the list
 * itself, some published peers refuse the name.
 */
function offered({ compression, extensions }: Capabilities): readonly AlgorithmName[] {
  const { algorithms } = compression;
  if (namedPriors(extensions).length === 0) return algorithms;
  return algorithms.includes("dictionary") ? algorithms : ["dictionary", ...algorithms];
}

function agreeSecurity(one: SecurityCapabilities, other: SecurityCapabilities): AgreedSecurity {
  const threatDetection = one.threatDetection && other.threatDetection;
  const sameModel = threatDetection && one.modelVersion === other.modelVersion;
  return {
    threatDetection,
    ...(sameModel && one.modelVersion !== undefined ? { modelVersion: one.modelVersion } : {}),
    blocking: threatDetection && one.blocking && other.blocking,
    blockThreshold: Math.min(one.blockThreshold, other.blockThreshold),
  };
}

function lacksSecurity(
  agreed: AgreedSecurity,
  one: SecurityCapabilities,
  other: SecurityCapabilities,
): boolean {
  return !agreed.threatDetection || ((one.blocking || other.blocking) && !agreed.blocking);
}

/** The members of `preferred` that `other` has too, each once. */
function common<Name>(preferred: readonly Name[], other: readonly Name[]): Name[] {
  return [...new Set(preferred)].filter((name) => other.includes(name));
}

function commonEntries(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): Map<string, string> {
  return new Map([...one].filter(([key, value]) => other.get(key) === value));
}

/** Of two limits where 0 is none. */
function smallerLimit(one: number, other: number): number {
  if (one === 0 || other === 0) return Math.max(one, other);
  return Math.min(one, other);
}
