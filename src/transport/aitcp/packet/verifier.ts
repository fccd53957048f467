import { tryDecodeUtf8 } from "../../../shared/utf8.js";
import { invalidPacket, truncatedPacket } from "./failures.js";
import { assertExclusive } from "./exclusive.js";
import { inlineBytes, type FieldSchema, type TableSchema } from "./schema.js";

/** Bytes that one thing takes. */
export interface Span {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  /** Whether it stands in the table itself: its vtable offset, a scalar, or an offset. */
  readonly inTable?: boolean;
}

export interface VerifyOptions {
  /** Whether 4 bytes with the length of the rest stand before the buffer. Default no. */
  readonly sizePrefixed?: boolean;
  /**
   * Whether no two parts may share a byte, and all bytes that belong to none have to be padding: zeros, at most 7 together. Nothing can
   * hide in such a buffer. Default no, as FlatBuffers allow it.
   */
  readonly exclusive?: boolean;
  /** Fewest and most bytes of vectors and strings, by the names of their fields. */
  readonly lengths?: Readonly<Record<string, readonly [min: number, max: number]>>;
}

export interface VerifiedTable {
  /** Where the values are, by the names of the fields that are there: a scalar, or the bytes of a vector or string. */
  readonly values: ReadonlyMap<string, Span>;
  /** What the buffer is made of, in order of offset. */
  readonly parts: readonly Span[];
}

const PREFIX_BYTES = 4;
const OFFSET_BYTES = 4;
/** A vtable opens with its own size and that of the table. */
const VTABLE_OPENING_BYTES = 4;
const SLOT_BYTES = 2;

/**
 * Checks that `bytes` are a FlatBuffer whose root is a table of `schema`, so that generated code, which checks nothing, reads it
 * within its bounds. The rules are those of the FlatBuffers internals page ("Format of a FlatBuffer") and of the verifiers of its C++ and Rust libraries:
 * everything lies inside the buffer and is aligned. Fields that the schema does not know are ignored unless `exclusive`.
 * @throws {FormatError} `M2M_PACKET_INVALID`, or `M2M_PACKET_TRUNCATED` if a size prefix promises more; with the offset
 */
export function verifyTable(
  bytes: Uint8Array,
  schema: TableSchema,
  options: VerifyOptions = {},
): VerifiedTable {
  return new Verification(bytes, schema, options).run();
}

class Verification {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #schema: TableSchema;
  readonly #options: VerifyOptions;
  readonly #parts: Span[] = [];
  readonly #values = new Map<string, Span>();

  constructor(bytes: Uint8Array, schema: TableSchema, options: VerifyOptions) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#schema = schema;
    this.#options = options;
  }

  run(): VerifiedTable {
    const start = this.#options.sizePrefixed ? this.#sizePrefix() : 0;
    const table = this.#target(start, "root offset", this.#schema.name);
    const { slots, tableBytes } = this.#vtable(table, start);
    this.#fields(table, slots, tableBytes);
    this.#parts.sort((a, b) => a.offset - b.offset || a.length - b.length);
    if (this.#options.exclusive)
      assertExclusive(this.#bytes, this.#parts, { offset: table, length: tableBytes });
    return { values: this.#values, parts: this.#parts };
  }

  #sizePrefix(): number {
    const have = this.#bytes.length;
    if (have < PREFIX_BYTES) throw truncatedPacket(have, PREFIX_BYTES);
    const end = PREFIX_BYTES + this.#view.getUint32(0, true);
    if (end > have) throw truncatedPacket(have, end);
    if (end < have) throw invalidPacket(end, `${have - end} bytes stand behind the end of the packet.`);
    this.#add("size prefix", 0, PREFIX_BYTES);
    return PREFIX_BYTES;
  }

  /** Follows the offset at `at`, which is a part of its own. @returns where there is room for 4 bytes, aligned to 4 */
  #target(at: number, part: string, what: string, inTable = false): number {
    this.#assertInside(at, OFFSET_BYTES, part);
    this.#add(part, at, OFFSET_BYTES, inTable);
    const distance = this.#view.getUint32(at, true);
    const target = at + distance;
    if (distance < OFFSET_BYTES || target % OFFSET_BYTES !== 0) {
      throw invalidPacket(at, `The offset of ${what} is ${distance}: not aligned to 4 bytes behind itself.`);
    }
    if (target + OFFSET_BYTES > this.#bytes.length) {
      throw invalidPacket(at, `The offset of ${what} leads to byte ${target}, out of the buffer.`);
    }
    return target;
  }

  /** @returns the offsets of the fields from the table's start, by slot; 0 is absent. And the table's size. */
  #vtable(table: number, start: number): { slots: number[]; tableBytes: number } {
    this.#add("vtable offset", table, OFFSET_BYTES, true);
    const vtable = table - this.#view.getInt32(table, true);
    if (vtable < start || vtable % SLOT_BYTES !== 0 || vtable + VTABLE_OPENING_BYTES > this.#bytes.length) {
      throw invalidPacket(table, `The vtable cannot be at byte ${vtable}.`);
    }
    const vtableBytes = this.#view.getUint16(vtable, true);
    if (vtableBytes < VTABLE_OPENING_BYTES || vtableBytes % SLOT_BYTES !== 0) {
      throw invalidPacket(vtable, `A vtable does not have ${vtableBytes} bytes.`);
    }
    this.#assertInside(vtable, vtableBytes, "vtable");
    this.#add("vtable", vtable, vtableBytes);
    const tableBytes = this.#view.getUint16(vtable + 2, true);
    if (tableBytes < OFFSET_BYTES)
      throw invalidPacket(vtable + 2, `A table does not have ${tableBytes} bytes.`);
    this.#assertInside(table, tableBytes, "table");
    const slots: number[] = [];
    for (let at = vtable + VTABLE_OPENING_BYTES; at < vtable + vtableBytes; at += SLOT_BYTES) {
      const offset = this.#view.getUint16(at, true);
      if (offset !== 0 && slots.length >= this.#schema.fields.length && this.#options.exclusive) {
        throw invalidPacket(
          at,
          `There is a field in slot ${slots.length}, which ${this.#schema.name} lacks.`,
        );
      }
      slots.push(offset);
    }
    return { slots, tableBytes };
  }

  #fields(table: number, slots: readonly number[], tableBytes: number): void {
    this.#schema.fields.forEach((field: FieldSchema, slot) => {
      const offset = slots[slot] ?? 0;
      if (offset === 0) {
        if (field.required) throw invalidPacket(table, `The field ${field.name} is missing.`);
        return;
      }
      const size = inlineBytes(field.type);
      const at = table + offset;
      if (offset < OFFSET_BYTES || offset + size > tableBytes || at % size !== 0) {
        throw invalidPacket(table, `The field ${field.name} cannot be at byte ${offset} of the table.`);
      }
      if (field.type === "bytes" || field.type === "string") return this.#vector(field, at);
      this.#add(field.name, at, size, true);
      this.#values.set(field.name, { name: field.name, offset: at, length: size });
    });
  }

  #vector({ name, type }: FieldSchema, at: number): void {
    const target = this.#target(at, `offset of ${name}`, name, true);
    const length = this.#view.getUint32(target, true);
    const [min, max] = this.#options.lengths?.[name] ?? [0, this.#bytes.length];
    const offset = target + OFFSET_BYTES;
    const terminator = type === "string" ? 1 : 0;
    if (offset + length + terminator > this.#bytes.length) {
      throw invalidPacket(target, `The field ${name} of ${length} bytes leaves the buffer.`);
    }
    if (length < min || length > max) {
      const allowed = min === max ? `${min}` : `${min} to ${max}`;
      throw invalidPacket(target, `The field ${name} has ${length} bytes instead of ${allowed}.`);
    }
    if (type === "string") this.#assertString(name, offset, length);
    this.#add(name, target, OFFSET_BYTES + length + terminator);
    this.#values.set(name, { name, offset, length });
  }

  #assertString(name: string, offset: number, length: number): void {
    if (this.#bytes[offset + length] !== 0) {
      throw invalidPacket(offset + length, `The string ${name} does not end in a zero byte.`);
    }
    if (tryDecodeUtf8(this.#bytes.subarray(offset, offset + length)) === undefined) {
      throw invalidPacket(offset, `The string ${name} is not UTF-8.`);
    }
  }

  #assertInside(offset: number, length: number, what: string): void {
    if (offset + length > this.#bytes.length) {
      throw invalidPacket(offset, `The ${what} of ${length} bytes leaves the buffer.`);
    }
  }

  #add(name: string, offset: number, length: number, inTable = false): void {
    this.#parts.push({ name, offset, length, inTable });
  }
}
