import { Builder, ByteBuffer } from "flatbuffers";
import { KEY_BYTES } from "../sizes.js";
import { EphemeralSession } from "./ephemeral-session.gen.js";
import { invalidPacket } from "./failures.js";
import { EPHEMERAL_SESSION } from "./schema.js";
import { verifyTable } from "./verifier.js";

/** A ticket as it goes over the wire (docs/spec/aitcp.md, Resumption). */
export interface EphemeralSessionFields {
  /** Its id, 16 bytes. */
  readonly id: Uint8Array;
  /** The responder's static public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** When it ends, in seconds since 1970. */
  readonly expirationUnix: number;
}

const ID_BYTES = 16;
/** Characters of 16 bytes in base64url without padding. */
const ID_CHARACTERS = 22;
/** Room of a builder: more than a ticket takes. */
const BUILDER_BYTES = 192;
const LENGTHS = {
  session_id: [ID_CHARACTERS, ID_CHARACTERS],
  public_key: [KEY_BYTES, KEY_BYTES],
} as const;

/** The FlatBuffer `EphemeralSession` of a ticket. */
export function writeEphemeralSession(fields: EphemeralSessionFields): Uint8Array {
  const builder = new Builder(BUILDER_BYTES);
  const id = builder.createString(Buffer.from(fields.id).toString("base64url"));
  const key = EphemeralSession.createPublicKeyVector(builder, fields.publicKey);
  const root = EphemeralSession.createEphemeralSession(builder, id, key, BigInt(fields.expirationUnix));
  builder.finish(root);
  return builder.asUint8Array();
}

/**
 * Reads a ticket.
 * @throws {FormatError} `M2M_PACKET_INVALID` if it is none, with nothing hidden in it, or a field is missing
 */
export function readEphemeralSession(bytes: Uint8Array): EphemeralSessionFields {
  const { values } = verifyTable(bytes, EPHEMERAL_SESSION, { exclusive: true, lengths: LENGTHS });
  const ticket = EphemeralSession.getRootAsEphemeralSession(new ByteBuffer(bytes));
  const text = ticket.sessionId();
  const publicKey = ticket.publicKeyArray();
  if (text === null || publicKey === null) throw invalidPacket(0, "A ticket has session_id and public_key.");
  const id = Buffer.from(text, "base64url");
  if (id.length !== ID_BYTES || id.toString("base64url") !== text) {
    throw invalidPacket(values.get("session_id")!.offset, "The session_id is not 16 bytes in base64url.");
  }
  const expirationUnix = Number(ticket.expirationUnix());
  if (!Number.isSafeInteger(expirationUnix) || expirationUnix < 0) {
    throw invalidPacket(values.get("expiration_unix")?.offset ?? 0, "The expiration_unix is no time.");
  }
  return { id, publicKey, expirationUnix };
}
