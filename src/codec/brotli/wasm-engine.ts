import { concatBytes } from "../../shared/bytes.js";
import { FormatError, UnsupportedError } from "../../shared/errors.js";
import { outputTooLarge } from "../../shared/limits.js";
import { tryNodeModule } from "../../shared/platform.js";
import type { BrotliEngine } from "../types.js";
import { trailingBytes, truncatedStream } from "./errors.js";

type BrotliWasm = Awaited<typeof import("brotli-wasm").default>;

/** Output is produced in pieces of this size, so that a bomb stops at the limit and not at the end of memory. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Brotli by the `brotli-wasm` package: the portable engine, for browsers and edge runtimes.
 * @throws {UnsupportedError} `M2M_PACKAGE_MISSING` if the package cannot be loaded.
 */
export async function loadWasmBrotliEngine(): Promise<BrotliEngine> {
  const wasm = await importBrotliWasm();
  const { NeedsMoreInput, NeedsMoreOutput } = wasm.BrotliStreamResultCode;
  return {
    name: "brotli-wasm",
    compress: (content, quality) => wasm.compress(content, { quality }),
    decompress(compressed, maxOutputBytes) {
      assertPlainWindow(compressed);
      const stream = new wasm.DecompressStream();
      const chunks: Uint8Array[] = [];
      let sizeBytes = 0;
      let offset = 0;
      try {
        for (;;) {
          const input = compressed.subarray(offset);
          const step = decompressStep(stream, input, Math.min(CHUNK_BYTES, maxOutputBytes - sizeBytes + 1));
          offset += step.consumed;
          sizeBytes += step.output.length;
          if (sizeBytes > maxOutputBytes) throw outputTooLarge({ maxOutputBytes });
          chunks.push(step.output);
          if (step.code === NeedsMoreOutput) continue;
          if (step.code === NeedsMoreInput) throw truncatedStream(compressed.length);
          break;
        }
      } finally {
        stream.free();
      }
      if (offset < compressed.length) throw trailingBytes(offset, compressed.length);
      return concatBytes(chunks);
    },
  };
}

function decompressStep(
  stream: InstanceType<BrotliWasm["DecompressStream"]>,
  input: Uint8Array,
  outputBytes: number,
): { output: Uint8Array; code: number; consumed: number } {
  try {
    const result = stream.decompress(input, outputBytes);
    const step = { output: result.buf, code: result.code, consumed: result.input_offset };
    result.free();
    return step;
  } catch (cause) {
    throw new FormatError("M2M_BROTLI_INVALID", "The Brotli stream is malformed.", { cause });
  }
}

/**
 * The package reads the "large window" extension too, which RFC 7932 (section 9.1) reserves and which lets a few bytes ask
 * for a gigabyte.
 */
function assertPlainWindow(compressed: Uint8Array): void {
  if ((compressed[0] & 0x7f) !== 0x11) return;
  throw new FormatError(
    "M2M_BROTLI_INVALID",
    "The Brotli stream asks for a window that RFC 7932 does not have.",
    {
      offset: 0,
    },
  );
}

async function importBrotliWasm(): Promise<BrotliWasm> {
  try {
    // The package's `import` condition is its web build, which fetches a file: URL on Node and fails; its
    // `require` condition is the Node build.
    const node = tryNodeModule("module");
    if (node) return node.createRequire(import.meta.url)("brotli-wasm") as BrotliWasm;
    // The web build's default export is a promise, whatever the types say.
    const loaded: unknown = (await import("brotli-wasm")).default;
    return (await loaded) as BrotliWasm;
  } catch (cause) {
    throw new UnsupportedError("M2M_PACKAGE_MISSING", "The package brotli-wasm cannot be loaded.", {
      hint: "Install it with: npm install brotli-wasm",
      cause,
    });
  }
}
