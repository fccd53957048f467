import { assembleModule, type FunctionSource, type WasmFunction } from "./assembler.js";

const PAGE_BYTES = 65536;
/** Vectors lie at multiples of it. */
const ALIGNMENT = 16;

/** What is used of WebAssembly's JavaScript interface; its types come with those of browsers only. */
interface WebAssemblyPlatform {
  Memory: new (pages: { initial: number }) => { readonly buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: Record<string, Record<string, unknown>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

/** WebAssembly, where the platform has it. */
function webAssembly(): WebAssemblyPlatform | undefined {
  return (globalThis as { WebAssembly?: WebAssemblyPlatform }).WebAssembly;
}

/**
 * Memory of a fixed size that kernels work on, handed out from its beginning and never taken back. What nobody has written
 * to costs no memory of the machine.
 */
export class KernelMemory {
  readonly buffer: ArrayBuffer;
  /** All of it. */
  readonly floats: Float32Array;
  readonly ints: Int32Array;
  /** The object that modules import; absent without WebAssembly. */
  readonly imported: object | undefined;
  #usedBytes = 0;

  constructor(sizeBytes: number) {
    const pages = Math.ceil(sizeBytes / PAGE_BYTES) + 1;
    const memory = tryCreateMemory(pages);
    this.imported = memory;
    this.buffer = memory?.buffer ?? new ArrayBuffer(pages * PAGE_BYTES);
    this.floats = new Float32Array(this.buffer);
    this.ints = new Int32Array(this.buffer);
  }

  get pages(): number {
    return this.buffer.byteLength / PAGE_BYTES;
  }

  hasRoom(bytes: number): boolean {
    return bytes <= this.buffer.byteLength - this.#usedBytes;
  }

  /** Address of `bytes` zeros, a multiple of 16. */
  allocate(bytes: number): number {
    const at = this.#usedBytes;
    if (!this.hasRoom(alignedBytes(bytes)))
      throw new RangeError(`The kernels' memory has no ${bytes} bytes left.`);
    this.#usedBytes += alignedBytes(bytes);
    return at;
  }

  /** Address of these values: where they are, if that is here, or where they are copied to. */
  place(values: Int8Array | Uint8Array | Float32Array): number {
    if (values.buffer === this.buffer) return values.byteOffset;
    const at = this.allocate(values.byteLength);
    new Uint8Array(this.buffer, at).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return at;
  }

  /** Bytes that `place` takes. */
  bytesToPlace(values: Int8Array | Float32Array): number {
    return values.buffer === this.buffer ? 0 : alignedBytes(values.byteLength);
  }
}

/** `undefined` where there is no WebAssembly, or no such room in the address space. */
function tryCreateMemory(pages: number): { readonly buffer: ArrayBuffer } | undefined {
  const platform = webAssembly();
  try {
    return platform && new platform.Memory({ initial: pages });
  } catch {
    return undefined;
  }
}

/**
 * The functions as the platform has compiled them, over `memory`.
 * @throws if it knows no 128-bit vectors, or a policy forbids it
 */
export function instantiate(memory: KernelMemory, functions: readonly FunctionSource[]): WasmFunction[] {
  const platform = webAssembly();
  if (platform === undefined || memory.imported === undefined)
    throw new TypeError("There is no WebAssembly.");
  const module = new platform.Module(assembleModule(memory.pages, functions));
  const { exports } = new platform.Instance(module, { m: { m: memory.imported } });
  return functions.map((_, index) => exports[`f${index}`] as WasmFunction);
}

/** What an allocation of `bytes` takes. */
export function alignedBytes(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
