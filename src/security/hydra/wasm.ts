const PAGE_BYTES = 65536;

/** A function of six 32-bit integers: addresses, lengths and strides in bytes. */
export type Kernel = (a: number, b: number, c: number, d: number, e: number, f: number) => void;

export interface WasmInstance {
  readonly memory: ArrayBuffer;
  readonly kernels: readonly Kernel[];
}

/** What is used of WebAssembly's JavaScript interface; its types come with those of browsers only. */
interface WebAssemblyPlatform {
  Memory: new (pages: { initial: number }) => { readonly buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: Record<string, Record<string, unknown>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

/**
 * Functions in WebAssembly on a memory of their own; `undefined` where the platform has no WebAssembly with 128-bit
 * vectors, or a policy against it.
 * @param bodies locals and instructions of each, which takes six 32-bit integers
 */
export function instantiate(bytes: number, bodies: readonly (readonly number[])[]): WasmInstance | undefined {
  const platform = (globalThis as { WebAssembly?: WebAssemblyPlatform }).WebAssembly;
  if (platform === undefined) return undefined;
  const pages = Math.ceil(bytes / PAGE_BYTES) + 1;
  try {
    const memory = new platform.Memory({ initial: pages });
    const module = new platform.Module(assembleModule(pages, bodies));
    const { exports } = new platform.Instance(module, { m: { m: memory } });
    return { memory: memory.buffer, kernels: bodies.map((_, index) => exports[`k${index}`] as Kernel) };
  } catch {
    return undefined;
  }
}

// Numbers of instructions and sections: WebAssembly Core Specification 2.0, chapter 5.
export const OP = {
  BLOCK: [0x02, 0x40],
  LOOP: [0x03, 0x40],
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  GET: 0x20,
  SET: 0x21,
  I32_LOAD: [0x28, 0x02, 0x00],
  F32_STORE: 0x38,
  I32_CONST: 0x41,
  I32_EQZ: 0x45,
  I32_LT_U: 0x49,
  I32_ADD: 0x6a,
  I32_SUB: 0x6b,
  I32_MUL: 0x6c,
  F32_ADD: 0x92,
  V128_LOAD: [0xfd, 0x00, 0x04, 0x00],
  V128_LOAD_BYTES: [0xfd, 0x00, 0x00, 0x00],
  V128_LOAD32_SPLAT: [0xfd, 0x09, 0x02, 0x00],
  V128_STORE: [0xfd, 0x0b, 0x04],
  V128_ZERO: [0xfd, 0x0c, ...new Array<number>(16).fill(0)],
  F32X4_EXTRACT_LANE: [0xfd, 0x1f],
  I16X8_EXTEND_LOW_I8X16_S: [0xfd, 0x87, 0x01],
  I16X8_EXTEND_HIGH_I8X16_S: [0xfd, 0x88, 0x01],
  I32X4_EXTEND_LOW_I16X8_S: [0xfd, 0xa7, 0x01],
  I32X4_EXTEND_HIGH_I16X8_S: [0xfd, 0xa8, 0x01],
  F32X4_CONVERT_I32X4_S: [0xfd, 0xfa, 0x01],
  F32X4_ADD: [0xfd, 0xe4, 0x01],
  F32X4_MUL: [0xfd, 0xe6, 0x01],
} as const;
export const I32 = 0x7f;
export const V128 = 0x7b;

/** Instructions, some of several bytes. */
export type Code = (number | readonly number[])[];

function assembleModule(pages: number, bodies: readonly (readonly number[])[]): Uint8Array {
  const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];
  const sections: [id: number, content: number[]][] = [
    [1, [1, 0x60, 6, I32, I32, I32, I32, I32, I32, 0]],
    [2, [1, ...name("m"), ...name("m"), 2, 0, ...leb(pages)]],
    [3, [bodies.length, ...bodies.map(() => 0)]],
    [7, [bodies.length, ...bodies.flatMap((_, index) => [...name(`k${index}`), 0, index])]],
    [10, [bodies.length, ...bodies.flatMap(sized)]],
  ];
  const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  return Uint8Array.from([...header, ...sections.flatMap(([id, content]) => [id, ...sized(content)])]);
}

/** Bytes behind their number. */
function sized(bytes: readonly number[]): number[] {
  return [...leb(bytes.length), ...bytes];
}

/** Unsigned LEB128. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
