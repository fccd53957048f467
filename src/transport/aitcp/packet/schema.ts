/** Type of a field; `bytes` is `[ubyte]`. Neither schema has tables within tables, so nothing here nests. */
export type FieldType = "ubyte" | "long" | "bytes" | "string";

export interface FieldSchema {
  readonly name: string;
  readonly type: FieldType;
  readonly required?: boolean;
}

/** A table as a FlatBuffers schema declares it: the fields are in the order of their slots. */
export interface TableSchema {
  readonly namespace: string;
  readonly name: string;
  readonly fields: readonly FieldSchema[];
}

/** Table of `aitcp.fbs`. */
export const AITCP_PACKET = {
  namespace: "AITCP",
  name: "AITcpPacket",
  fields: [
    { name: "version", type: "ubyte" },
    { name: "ephemeral_key", type: "bytes", required: true },
    { name: "nonce", type: "bytes", required: true },
    { name: "encrypted_sequence_id", type: "bytes", required: true },
    { name: "encrypted_payload", type: "bytes", required: true },
    { name: "signature", type: "bytes", required: true },
    { name: "header", type: "bytes" },
    { name: "payload", type: "bytes" },
    { name: "footer", type: "bytes" },
  ],
} as const satisfies TableSchema;

/** Table of `ephemeral-session.fbs`. */
export const EPHEMERAL_SESSION = {
  namespace: "aitcp",
  name: "EphemeralSession",
  fields: [
    { name: "session_id", type: "string" },
    { name: "public_key", type: "bytes" },
    { name: "expiration_unix", type: "long" },
  ],
} as const satisfies TableSchema;

/** Bytes that a field takes in its table: the value, or the offset of what it points at. A field is aligned to as many. */
export function inlineBytes(type: FieldType): number {
  return type === "ubyte" ? 1 : type === "long" ? 8 : 4;
}
