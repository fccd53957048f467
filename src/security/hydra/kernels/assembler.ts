/** Instructions and their operands, in lists of lists: what is nested is cheap to put together, and flattened once. */
export type Code = readonly (number | Code)[];

export const I32 = 0x7f;
export const V128 = 0x7b;

/** What a module exports: takes 32-bit integers, addresses and lengths mostly, and gives one or nothing. */
export type WasmFunction = (...values: number[]) => number;

/** A function of a module. */
export interface FunctionSource {
  /** Number of its parameters, all 32-bit integers. */
  readonly parameters: number;
  /** Whether it leaves one 32-bit integer. */
  readonly result: boolean;
  /** Types of its local variables, whose numbers follow those of the parameters. */
  readonly locals: readonly number[];
  readonly code: Code;
}

// Numbers of instructions and sections: WebAssembly Core Specification 2.0, chapter 5.

export const get = (local: number): Code => [0x20, local];
export const set = (local: number, value: Code): Code => [value, 0x21, local];
export const int = (value: number): Code => [0x41, signedLeb(value)];

const binary =
  (...opcode: number[]) =>
  (a: Code, b: Code): Code => [a, b, opcode];
const unary =
  (...opcode: number[]) =>
  (a: Code): Code => [a, opcode];
/** Alignments are hints, and what comes from a file may have none. */
const load =
  (...opcode: number[]) =>
  (address: Code, offset = 0): Code => [address, opcode, 0, leb(offset)];
const store =
  (...opcode: number[]) =>
  (address: Code, value: Code, offset = 0): Code => [address, value, opcode, 0, leb(offset)];

/** 32-bit integers. */
export const i32 = {
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  shl: binary(0x74),
  shrU: binary(0x76),
  remU: binary(0x70),
  eq: binary(0x46),
  ne: binary(0x47),
  ltU: binary(0x49),
  gtU: binary(0x4b),
  geU: binary(0x4f),
  load: load(0x28),
  load8: load(0x2d),
  load16: load(0x2f),
  store: store(0x36),
  store16: store(0x3b),
} as const;

/** Vectors of 128 bits: of four 32-bit floats unless the name says another. */
export const v128 = {
  load: load(0xfd, 0x00),
  /** One value in all lanes. */
  loadSplat: load(0xfd, 0x09),
  /** Sets one of eight 16-bit lanes. */
  loadLane16: (address: Code, vector: Code, lane: number): Code => [address, vector, 0xfd, 0x55, 0, 0, lane],
  store: store(0xfd, 0x0b),
  splat: (value: number): Code => {
    const bytes = new Uint8Array(Float32Array.of(value, value, value, value).buffer);
    return [0xfd, 0x0c, Array.from(bytes)];
  },
  splatInt: (value: number): Code => [int(value), 0xfd, 0x11],
  and: binary(0xfd, 0x4e),
  or: binary(0xfd, 0x50),
  nearest: unary(0xfd, 0x6a),
  add: binary(0xfd, 0xe4, 0x01),
  sub: binary(0xfd, 0xe5, 0x01),
  mul: binary(0xfd, 0xe6, 0x01),
  div: binary(0xfd, 0xe7, 0x01),
  min: binary(0xfd, 0xe8, 0x01),
  max: binary(0xfd, 0xe9, 0x01),
  addInts: binary(0xfd, 0xae, 0x01),
  shiftInts: binary(0xfd, 0xab, 0x01),
  intsAreAtLeast: binary(0xfd, 0x3f),
  toInts: unary(0xfd, 0xf8, 0x01),
  fromInts: unary(0xfd, 0xfa, 0x01),
  /** Bytes to 16-bit integers, and those to 32-bit ones: the lower and the upper half. */
  widenBytes: [unary(0xfd, 0x87, 0x01), unary(0xfd, 0x88, 0x01)],
  widenShorts: [unary(0xfd, 0xa7, 0x01), unary(0xfd, 0xa8, 0x01)],
  widenUnsignedShorts: [unary(0xfd, 0xa9, 0x01), unary(0xfd, 0xaa, 0x01)],
} as const;

/** Runs `body` while `condition` holds. */
export const whileLoop = (condition: Code, ...body: Code[]): Code => [
  [0x02, 0x40, 0x03, 0x40, condition, 0x45, 0x0d, 1],
  body,
  [0x0c, 0, 0x0b, 0x0b],
];
/** Runs `body` once, and again as long as `condition` holds. */
export const repeat = (condition: Code, ...body: Code[]): Code => [
  [0x03, 0x40],
  body,
  [condition, 0x0d, 0, 0x0b],
];
export const when = (condition: Code, ...body: Code[]): Code => [condition, 0x04, 0x40, body, 0x0b];
/** `local` += `by`. */
export const advance = (local: number, by: Code): Code => set(local, i32.add(get(local), by));
export const giveBack = (value: Code): Code => [value, 0x0f];

/** The bytes of a module with these functions, exported as `f0`, `f1` and so on, over a memory of `pages`. */
export function assembleModule(pages: number, functions: readonly FunctionSource[]): Uint8Array {
  const name = (text: string): Code => [text.length, Array.from(text, (letter) => letter.charCodeAt(0))];
  const types = functions.map(({ parameters, result }): Code => [
    [0x60, parameters, new Array<number>(parameters).fill(I32)],
    result ? [1, I32] : [0],
  ]);
  const bodies = functions.map(({ locals, code }) =>
    sized([leb(locals.length), locals.map((type) => [1, type]), code, 0x0b]),
  );
  const count = functions.length;
  const sections: Code = [
    [1, sized([count, types])],
    [2, sized([1, name("m"), name("m"), 2, 0, leb(pages)])],
    [3, sized([count, Array.from(functions.keys())])],
    [7, sized([count, functions.map((_, index) => [name(`f${index}`), 0, index])])],
    [10, sized([count, bodies])],
  ];
  return new Uint8Array(flatten([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, sections]));
}

function flatten(code: Code): number[] {
  return (code as readonly unknown[]).flat(Infinity) as number[];
}

/** Bytes behind their number. */
function sized(code: Code): Code {
  const bytes = flatten(code);
  return [leb(bytes.length), bytes];
}

/** Unsigned LEB128. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** Signed LEB128. */
function signedLeb(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signedLeb(value >> 7)];
}
