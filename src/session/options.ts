import { CodecEngine, type ContentScanner } from "../codec/index.js";
import { ALGORITHM_NAMES } from "../shared/algorithms.js";
import { assertOptions } from "../shared/bounds.js";
import { InputError, M2MError } from "../shared/errors.js";
import { completeCapabilities, type Capabilities, type CapabilityOptions } from "./capabilities.js";
import type { ContentRoom } from "./content-room.js";
import { namedPriors } from "./dictionary-extensions.js";
import { platformRandomBytes, type RandomBytes } from "./ids.js";
import { resolveTiming, type SessionTiming } from "./liveness.js";
import type { Role } from "./machine.js";
import type { SessionCodecOptions } from "./payload.js";
import { readCapabilities, writeCapabilities } from "./wire/capabilities.js";
import { FieldReader } from "./wire/fields.js";
import { findVersion, PROTOCOL_VERSIONS, type ProtocolVersion } from "./wire/versions.js";

/** What a session needs of the world around it. */
export interface SessionEnvironment {
  /** The clock, in milliseconds since 1970. Default `Date.now`. It may jump; a session never goes back. */
  readonly nowMs?: () => number;
  /** Default: `crypto.getRandomValues`. */
  readonly randomBytes?: RandomBytes;
  /** Judges content if the capabilities say `threatDetection`. */
  readonly scanner?: ContentScanner;
  /** Default: what is opened has as much room as was agreed. */
  readonly contents?: ContentRoom;
  readonly timing?: Partial<SessionTiming>;
  readonly codec?: SessionCodecOptions;
}

export interface SessionOptions extends SessionEnvironment {
  readonly role: Role;
  readonly capabilities?: CapabilityOptions;
  /** Versions that a responder accepts. Default: all that are understood. */
  readonly versions?: readonly ProtocolVersion[];
  /** Refuse peers that do not scan, and those that do not block if this side does. Default false. */
  readonly requireSecurity?: boolean;
}

export type ResolvedEnvironment = Required<Omit<SessionEnvironment, "scanner" | "contents" | "timing">> &
  Pick<SessionEnvironment, "scanner" | "contents"> & { readonly timing: SessionTiming };

/** @throws {InputError} `M2M_USAGE` */
export function resolveEnvironment(given: SessionEnvironment): ResolvedEnvironment {
  assertOptions("The options", given);
  const { scanner, codec = {} } = given;
  if (scanner !== undefined && typeof (scanner as Partial<ContentScanner> | null)?.scan !== "function") {
    throw usage("A scanner has a function scan.");
  }
  // Settings of an engine are wrong before there is a message, too.
  new CodecEngine(codec);
  return {
    nowMs: given.nowMs ?? Date.now,
    randomBytes: given.randomBytes ?? platformRandomBytes,
    scanner,
    contents: given.contents,
    timing: resolveTiming(given.timing),
    codec,
  };
}

/** The versions that are accepted. @throws {InputError} `M2M_USAGE` if one is not understood, or there is none */
export function resolveVersions(
  given: readonly ProtocolVersion[] = PROTOCOL_VERSIONS,
): readonly ProtocolVersion[] {
  const versions: readonly ProtocolVersion[] = Array.isArray(given) ? given : [];
  if (versions.length > 0 && versions.every((version) => findVersion(version))) return versions;
  throw usage(`The versions are a list of ${PROTOCOL_VERSIONS.join(", ")}.`);
}

/** @throws {InputError} `M2M_USAGE` for capabilities that a peer would refuse or that this side does not have */
export function resolveCapabilities(
  given: CapabilityOptions,
  { randomBytes, scanner }: ResolvedEnvironment,
): Capabilities {
  // A scanner that is given is used, and said to be there, unless the caller says otherwise.
  const security = { threatDetection: scanner !== undefined, ...given.security };
  const capabilities = completeCapabilities({ ...given, security }, randomBytes);
  const wire = findVersion(capabilities.version);
  if (!wire) throw usage(`The version is one of ${PROTOCOL_VERSIONS.join(", ")}.`);
  const known = new Set<string>(ALGORITHM_NAMES);
  const lacking = capabilities.compression.algorithms.find((name) => !known.has(name));
  if (lacking !== undefined) throw usage(`There is no codec for the algorithm ${String(lacking)} here.`);
  if (capabilities.compression.algorithms.length === 0) throw usage("A session needs an algorithm.");
  if (capabilities.compression.algorithms.includes("dictionary")) {
    if (namedPriors(capabilities.extensions).length === 0) {
      throw usage("Who offers dictionary names its priors: see dictionaryExtensions().");
    }
  }
  assertScanner(capabilities, scanner);
  try {
    // What is written has to be readable: limits and types are the reader's.
    const written = JSON.parse(JSON.stringify(writeCapabilities(capabilities, wire))) as unknown;
    return readCapabilities(new FieldReader(written, "/capabilities"), wire);
  } catch (cause) {
    if (!(cause instanceof M2MError || cause instanceof TypeError)) throw cause;
    throw usage("A peer would refuse these capabilities: see the cause.", cause);
  }
}

/** @throws {InputError} `M2M_USAGE` if threat detection is promised without a scanner */
export function assertScanner(
  { security }: Pick<Capabilities, "security">,
  scanner: ContentScanner | undefined,
): void {
  if (security.threatDetection && !scanner) throw usage("Threat detection needs a scanner.");
  if (security.blocking && !security.threatDetection) throw usage("Blocking needs threat detection.");
}

function usage(message: string, cause?: unknown): InputError {
  return new InputError("M2M_USAGE", message, { cause });
}
