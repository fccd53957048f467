import { FormatError } from "../../../shared/errors.js";
import type { Cursor } from "../../../shared/varint.js";
import { tryReadVarint53, varint53Size, writeVarint53 } from "../frames/index.js";

/** Parameters of a handshake's payload (docs/spec/aitcp.md, "Handshake"). Unknown even ones are refused. */
export const PARAMETERS = {
  versions: 0,
  messageBytes: 1,
  signatures: 2,
  streamWindow: 3,
  identity: 4,
  sessionWindow: 5,
  ticket: 6,
  streams: 7,
  early: 8,
  idleMs: 9,
  earlyTaken: 10,
  padding: 11,
  certificate: 12,
  lifetime: 13,
} as const;

export type ParameterName = keyof typeof PARAMETERS;
export type ParameterValues = Partial<Record<ParameterName, Uint8Array>>;

const NAMES = new Map<number, ParameterName>(
  Object.entries(PARAMETERS).map(([name, id]) => [id, name as ParameterName]),
);

/** Writes those that are given, in ascending order of their ids. */
export function writeParameters(values: ParameterValues): Uint8Array {
  const given = Object.entries(values) as [ParameterName, Uint8Array][];
  given.sort(([a], [b]) => PARAMETERS[a] - PARAMETERS[b]);
  const size = given.reduce((sum, [, value]) => sum + 1 + varint53Size(value.length) + value.length, 0);
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const [name, value] of given) {
    offset = writeVarint53(bytes, offset, PARAMETERS[name]);
    offset = writeVarint53(bytes, offset, value.length);
    bytes.set(value, offset);
    offset += value.length;
  }
  return bytes;
}

/**
 * Reads a list. The values are views of `payload`.
 * @throws {FormatError} `M2M_HANDSHAKE_INVALID` if it is cut, out of order, or has an unknown even parameter
 */
export function readParameters(payload: Uint8Array): ParameterValues {
  const values: ParameterValues = {};
  const cursor: Cursor = { offset: 0 };
  let last = -1;
  while (cursor.offset < payload.length) {
    const start = cursor.offset;
    const id = readNumber(payload, cursor);
    const length = readNumber(payload, cursor);
    const end = cursor.offset + length;
    if (end > payload.length) throw handshakeInvalid("A parameter is cut.", start);
    if (id <= last) throw handshakeInvalid("Parameters are not in ascending order.", start);
    last = id;
    const name = NAMES.get(id);
    if (name) values[name] = payload.subarray(cursor.offset, end);
    else if (id % 2 === 0) throw handshakeInvalid(`Parameter ${id} is unknown, and has to be known.`, start);
    cursor.offset = end;
  }
  return values;
}

/** One number as a parameter's value. */
export function numberValue(value: number): Uint8Array {
  const bytes = new Uint8Array(varint53Size(value));
  writeVarint53(bytes, 0, value);
  return bytes;
}

/** @throws {FormatError} `M2M_HANDSHAKE_INVALID` if the value is not one number */
export function parseNumberValue(value: Uint8Array): number {
  const cursor: Cursor = { offset: 0 };
  const number = readNumber(value, cursor);
  if (cursor.offset !== value.length) throw handshakeInvalid("A number is too long.");
  return number;
}

export function handshakeInvalid(message: string, offset?: number): FormatError {
  return new FormatError("M2M_HANDSHAKE_INVALID", message, { offset });
}

function readNumber(bytes: Uint8Array, cursor: Cursor): number {
  const value = tryReadVarint53(bytes, cursor);
  if (value === undefined) throw handshakeInvalid("A number is cut or malformed.", cursor.offset);
  return value;
}
