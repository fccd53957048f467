import { DEFAULT_LIMITS, type AlgorithmName } from "../codec/index.js";
import { BPE_ENCODINGS, type EncodingName } from "../shared/encodings.js";
import { DEFAULT_BLOCK_THRESHOLD } from "../shared/security-options.js";
import { formatId, type RandomBytes } from "./ids.js";
import { findVersion, LATEST_COMMON_VERSION, type ProtocolVersion } from "./wire/versions.js";

export interface CompressionCapabilities {
  /** The most preferred first. */
  readonly algorithms: readonly AlgorithmName[];
  /** Most bytes of a content before compression; 0 is no limit. */
  readonly maxPayloadBytes: number;
  readonly streaming: boolean;
  /** A model chooses the algorithm. */
  readonly mlRouting: boolean;
  /** Vocabularies of `token-native`. */
  readonly encodings: readonly EncodingName[];
  readonly preferredEncoding: EncodingName;
}

export interface SecurityCapabilities {
  /** What is received is scanned. */
  readonly threatDetection: boolean;
  readonly modelVersion?: string;
  /** Threats are refused rather than reported. */
  readonly blocking: boolean;
  /** Score, 0 to 1, from which content is refused. */
  readonly blockThreshold: number;
}

/** What an agent says of itself in HELLO or ACCEPT. */
export interface Capabilities {
  readonly version: ProtocolVersion;
  readonly agentId: string;
  readonly agentType: string;
  readonly compression: CompressionCapabilities;
  readonly security: SecurityCapabilities;
  /** Agreed where both sides have the same value. A map, so that no name is special. */
  readonly extensions: ReadonlyMap<string, string>;
}

/** What a caller says of capabilities; the rest has defaults. */
export interface CapabilityOptions extends Partial<
  Pick<Capabilities, "version" | "agentId" | "agentType" | "extensions">
> {
  readonly compression?: Partial<CompressionCapabilities>;
  readonly security?: Partial<SecurityCapabilities>;
}

export const DEFAULT_AGENT_TYPE = "m2m-js";

/** The algorithms that the published peers of a version all know: what is offered unless something else is asked for. */
export function defaultAlgorithms(version: string = LATEST_COMMON_VERSION): readonly AlgorithmName[] {
  return findVersion(version)?.offer ?? [];
}

/**
 * Capabilities with the defaults for what is not given: the algorithms that the version's published peers all know, all
 * vocabularies, 16 MiB, streaming, no security.
 * @param random makes the agent's id, if none is given
 */
export function completeCapabilities(given: CapabilityOptions, random: RandomBytes): Capabilities {
  const version = given.version ?? LATEST_COMMON_VERSION;
  return {
    version,
    agentId: given.agentId ?? formatId(random),
    agentType: given.agentType ?? DEFAULT_AGENT_TYPE,
    compression: {
      algorithms: defaultAlgorithms(version),
      maxPayloadBytes: DEFAULT_LIMITS.maxInputBytes,
      streaming: true,
      mlRouting: false,
      encodings: BPE_ENCODINGS,
      preferredEncoding: given.compression?.encodings?.[0] ?? BPE_ENCODINGS[0],
      ...withoutUndefined(given.compression),
    },
    security: {
      threatDetection: false,
      blocking: false,
      blockThreshold: DEFAULT_BLOCK_THRESHOLD,
      ...withoutUndefined(given.security),
    },
    extensions: new Map(given.extensions),
  };
}

function withoutUndefined<Value extends object>(value: Value | undefined): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value ?? {}).filter(([, member]) => member !== undefined),
  ) as Partial<Value>;
}
