import { FormatError } from "../shared/errors.js";
import type { Capabilities } from "./capabilities.js";
import { EXPIRY_REASONS, type Liveness } from "./liveness.js";
import { SESSION_STATES, type Role, type SessionState } from "./machine.js";
import { REJECTION_CODES, type Rejection } from "./message.js";
import { negotiateAs, type SessionEnd, type SessionRecord } from "./record.js";
import type { SessionCounters, Traffic } from "./traffic.js";
import { MAX_VERSION_LENGTH, readCapabilities, writeCapabilities } from "./wire/capabilities.js";
import { FieldReader } from "./wire/fields.js";
import { SESSION_ID } from "./wire/messages.js";
import { findVersion } from "./wire/versions.js";

/** The form of snapshots; another one is refused. */
const FORMAT = 1;
const ROLES: readonly Role[] = ["initiator", "responder"];
const MAX_TEXT_LENGTH = 4096;

/** A session as a JSON value: for a store, or for another process that goes on with it. It holds no secret but the id. */
export interface SessionSnapshot {
  readonly format: number;
  readonly revision: number;
  readonly role: Role;
  readonly state: SessionState;
  readonly id?: string;
  /** As HELLO and ACCEPT spell them. */
  readonly local: object;
  readonly peer?: object;
  readonly end?: SessionEnd;
  readonly createdAtMs: number;
  readonly liveness: Liveness;
  readonly counters: SessionCounters;
}

export function writeSnapshot(record: SessionRecord): SessionSnapshot {
  const { local, peer, ...rest } = record;
  return {
    format: FORMAT,
    ...rest,
    local: writePayload(local),
    ...(peer ? { peer: writePayload(peer) } : {}),
  };
}

/**
 * The session that a snapshot holds. What was agreed is worked out again, never believed.
 * @throws {FormatError} `M2M_SNAPSHOT_INVALID`
 */
export function readSnapshot(value: unknown): SessionRecord {
  const reader = new FieldReader(value, "", "M2M_SNAPSHOT_INVALID");
  if (reader.integer("format") !== FORMAT) throw reader.fault("format", String(FORMAT));
  const record: SessionRecord = {
    role: reader.oneOf("role", ROLES),
    state: reader.oneOf("state", SESSION_STATES),
    ...(reader.has("id") ? { id: reader.text("id", MAX_TEXT_LENGTH, SESSION_ID) } : {}),
    local: readPayload(reader.object("local")),
    ...(reader.has("peer") ? { peer: readPayload(reader.object("peer")) } : {}),
    ...(reader.has("end") ? { end: readEnd(reader.object("end")) } : {}),
    createdAtMs: reader.integer("createdAtMs"),
    liveness: readLiveness(reader.object("liveness")),
    counters: readCounters(reader.object("counters")),
    revision: reader.integer("revision"),
  };
  assertConsistent(record);
  return record;
}

/** A state is only believed with what leads to it. */
function assertConsistent({ role, state, id, local, peer, end }: SessionRecord): void {
  const met = id !== undefined && peer !== undefined;
  const fits =
    state === "closed"
      ? end !== undefined
      : state === "established" || state === "closing"
        ? met &&
          negotiateAs(role, local, peer).agreed !== undefined &&
          (end !== undefined) === (state === "closing")
        : !met && end === undefined;
  if (fits && !(state === "hello-sent" && role === "responder")) return;
  throw new FormatError(
    "M2M_SNAPSHOT_INVALID",
    `The snapshot is no ${role}'s session in the state ${state}.`,
  );
}

function writePayload(capabilities: Capabilities): object {
  const wire = findVersion(capabilities.version);
  if (!wire) throw new TypeError("A session's version is known.");
  return writeCapabilities(capabilities, wire);
}

function readPayload(reader: FieldReader): Capabilities {
  const wire = findVersion(reader.text("version", MAX_VERSION_LENGTH));
  if (!wire) throw reader.fault("version", "a version that is known here");
  return readCapabilities(reader, wire);
}

function readEnd(reader: FieldReader): SessionEnd {
  return {
    reason: reader.oneOf("reason", ["closed", "rejected", ...EXPIRY_REASONS]),
    by: reader.oneOf("by", ["local", "peer", "time"]),
    ...(reader.has("rejection") ? { rejection: readRejection(reader.object("rejection")) } : {}),
  };
}

function readRejection(reader: FieldReader): Rejection {
  return { code: reader.oneOf("code", REJECTION_CODES), message: reader.text("message", MAX_TEXT_LENGTH) };
}

function readLiveness(reader: FieldReader): Liveness {
  return {
    stateSinceMs: reader.integer("stateSinceMs"),
    heardAtMs: reader.integer("heardAtMs"),
    activeAtMs: reader.integer("activeAtMs"),
    ...(reader.has("pingedAtMs") ? { pingedAtMs: reader.integer("pingedAtMs") } : {}),
    unanswered: reader.integer("unanswered"),
  };
}

function readCounters(reader: FieldReader): SessionCounters {
  return {
    sent: readTraffic(reader.object("sent")),
    received: readTraffic(reader.object("received")),
    blocked: reader.integer("blocked"),
  };
}

function readTraffic(reader: FieldReader): Traffic {
  return {
    messages: reader.integer("messages"),
    dataMessages: reader.integer("dataMessages"),
    contentBytes: reader.integer("contentBytes"),
    wireBytes: reader.integer("wireBytes"),
  };
}
