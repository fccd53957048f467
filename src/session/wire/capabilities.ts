import type { Capabilities } from "../capabilities.js";
import type { FieldReader } from "./fields.js";
import { fromWire, toWire, type WireVersion } from "./versions.js";

/** Most characters of a version, a name and an id; most algorithms, encodings and extensions. */
export const MAX_VERSION_LENGTH = 16;
export const MAX_NAME_LENGTH = 128;
const MAX_LIST = 32;
const MAX_EXTENSIONS = 64;
const MAX_EXTENSION_LENGTH = 4096;

/** A peer from before encodings were listed has this one. */
const CANONICAL_ENCODING = "cl100k_base";

/**
 * The capabilities in the payload of HELLO or ACCEPT. Algorithms and encodings without a name here are left out: what
 * this side lacks is never agreed.
 * @throws {FormatError} the reader's code
 */
export function readCapabilities(payload: FieldReader, wire: WireVersion): Capabilities {
  const compression = payload.object("compression");
  const security = payload.object("security");
  const encodings = compression.has("encodings")
    ? compression.texts("encodings", MAX_LIST, MAX_NAME_LENGTH)
    : undefined;
  const preferred = compression.has("preferred_encoding")
    ? compression.text("preferred_encoding", MAX_NAME_LENGTH)
    : undefined;
  return {
    version: wire.version,
    agentId: payload.text("agent_id", MAX_NAME_LENGTH),
    agentType: payload.text("agent_type", MAX_NAME_LENGTH),
    compression: {
      algorithms: known(wire.algorithms, compression.texts("algorithms", MAX_LIST, MAX_NAME_LENGTH)),
      maxPayloadBytes: compression.sizeLimit("max_payload"),
      streaming: compression.flag("streaming"),
      mlRouting: compression.flag("ml_routing"),
      encodings: encodings === undefined ? [CANONICAL_ENCODING] : known(wire.encodings, encodings),
      preferredEncoding: fromWire(wire.encodings, preferred ?? "") ?? CANONICAL_ENCODING,
    },
    security: {
      threatDetection: security.flag("threat_detection"),
      ...(security.has("model_version")
        ? { modelVersion: security.text("model_version", MAX_NAME_LENGTH) }
        : {}),
      blocking: security.flag("blocking_mode"),
      blockThreshold: security.fraction("block_threshold"),
    },
    extensions: payload.has("extensions")
      ? payload.textMap("extensions", MAX_EXTENSIONS, MAX_NAME_LENGTH, MAX_EXTENSION_LENGTH)
      : new Map(),
  };
}

/** The payload of HELLO or ACCEPT, its members in the published order. */
export function writeCapabilities(capabilities: Capabilities, wire: WireVersion): object {
  const { compression, security, extensions } = capabilities;
  return {
    version: wire.version,
    agent_id: capabilities.agentId,
    agent_type: capabilities.agentType,
    compression: {
      algorithms: compression.algorithms.map((name) => toWire(wire.algorithms, name)),
      max_payload: compression.maxPayloadBytes,
      streaming: compression.streaming,
      ml_routing: compression.mlRouting,
      encodings: compression.encodings.map((name) => toWire(wire.encodings, name)),
      preferred_encoding: toWire(wire.encodings, compression.preferredEncoding),
    },
    security: {
      threat_detection: security.threatDetection,
      model_version: security.modelVersion ?? null,
      blocking_mode: security.blocking,
      block_threshold: security.blockThreshold,
    },
    // Object.fromEntries makes own members, whatever they are called.
    extensions: Object.fromEntries(extensions),
  };
}

function known<Name extends string>(
  names: readonly (readonly [string, Name])[],
  spelled: readonly string[],
): Name[] {
  return [
    ...new Set(spelled.map((spelling) => fromWire(names, spelling)).filter((name) => name !== undefined)),
  ];
}
