import { M2MError } from "../../../shared/errors.js";
import { invalidPacket } from "./failures.js";
import { MAX_SIZE_FIELD, SIZE_PREFIX_BYTES } from "./layout.js";
import type { Packet } from "./packet.js";
import { readPacket } from "./read.js";
import { AITCP_PACKET } from "./schema.js";
import { verifyTable, type Span } from "./verifier.js";

/**
 * What bytes are: a packet of AI-TCP; a FlatBuffer of the schema that is no packet of AI-TCP, for a reason such as another layout; or no
 * FlatBuffer of the schema.
 */
export type PacketState = "packet" | "table" | "invalid";

export interface InspectedPacket {
  /** Where it begins in the input. All other offsets are counted from here. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly state: PacketState;
  readonly packet?: Packet;
  /** The fields of the schema that are there, in order of offset. */
  readonly fields: readonly Span[];
  /** Why it is no packet. */
  readonly problem?: M2MError;
}

/** Shorter tables are not looked for behind one another: their vtable and required fields alone are longer. */
const MIN_SIZE_FIELD = 60;

/** Looks at packets that stand behind one another, or at one table without a size prefix, whatever the bytes are. */
export function inspectPackets(bytes: Uint8Array): InspectedPacket[] {
  const found: InspectedPacket[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const rest = bytes.subarray(offset);
    const one = rest.subarray(0, announcedLength(rest));
    found.push(offset === 0 && isBareTable(rest, one) ? inspectBare(rest) : inspectOne(one, offset));
    offset += found.at(-1)!.bytes.length;
  }
  return found;
}

/** Whether `bytes` are a table without a size prefix, rather than that they begin with the packet `first`. */
function isBareTable(bytes: Uint8Array, first: Uint8Array): boolean {
  return tryVerify(bytes, false) instanceof Map && tryVerify(first, true) instanceof M2MError;
}

function inspectBare(bytes: Uint8Array): InspectedPacket {
  const { values } = verifyTable(bytes, AITCP_PACKET);
  const problem = invalidPacket(0, "The 4 bytes with the length of the packet are missing.");
  return { offset: 0, bytes, state: "table", fields: inOrder(values), problem };
}

function inspectOne(bytes: Uint8Array, offset: number): InspectedPacket {
  const values = tryVerify(bytes, true);
  if (values instanceof M2MError) return { offset, bytes, state: "invalid", fields: [], problem: values };
  const fields = inOrder(values);
  try {
    return { offset, bytes, state: "packet", packet: readPacket(bytes), fields };
  } catch (problem) {
    if (problem instanceof M2MError) return { offset, bytes, state: "table", fields, problem };
    throw problem;
  }
}

function inOrder(values: ReadonlyMap<string, Span>): Span[] {
  return [...values.values()].sort((a, b) => a.offset - b.offset);
}

/** Bytes of the packet at the front with its prefix; `undefined` if its prefix is none, or they are not all there. */
function announcedLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < SIZE_PREFIX_BYTES) return undefined;
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const isThere =
    size >= MIN_SIZE_FIELD && size <= MAX_SIZE_FIELD && SIZE_PREFIX_BYTES + size <= bytes.length;
  return isThere ? SIZE_PREFIX_BYTES + size : undefined;
}

function tryVerify(bytes: Uint8Array, sizePrefixed: boolean): ReadonlyMap<string, Span> | M2MError {
  try {
    return verifyTable(bytes, AITCP_PACKET, { sizePrefixed }).values;
  } catch (error) {
    if (error instanceof M2MError) return error;
    throw error;
  }
}
