import { invalidPacket } from "./failures.js";

/** The strictest alignment there is, of a 64-bit number. Padding is shorter. */
const MAX_ALIGNMENT = 8;

interface Extent {
  readonly offset: number;
  readonly length: number;
}

/**
 * Checks that `parts`, in order of offset, do not overlap, that nothing else lies in the `table`, and that what lies between and behind
 * them is padding.
 * @throws {FormatError} `M2M_PACKET_INVALID`
 */
export function assertExclusive(
  bytes: Uint8Array,
  parts: readonly (Extent & { readonly name: string; readonly inTable?: boolean })[],
  table: Extent,
): void {
  const tableEnd = table.offset + table.length;
  let end = 0;
  let before = "start";
  for (const { name, offset, length, inTable } of parts) {
    const isBesideTable = offset >= tableEnd || offset + length <= table.offset;
    if (offset < end || inTable === isBesideTable) {
      throw invalidPacket(offset, `The ${name} overlaps the ${offset < end ? before : "table"}.`);
    }
    assertPadding(bytes, end, offset);
    end = offset + length;
    before = name;
  }
  assertPadding(bytes, end, bytes.length);
}

/** Checks that `bytes` from `start` to `end` are zeros, and fewer than an alignment needs. */
function assertPadding(bytes: Uint8Array, start: number, end: number): void {
  if (end - start >= MAX_ALIGNMENT) {
    throw invalidPacket(start, `${end - start} bytes belong to nothing.`);
  }
  for (let at = start; at < end; at++) {
    if (bytes[at] !== 0) throw invalidPacket(at, "A byte of padding is not zero.");
  }
}
