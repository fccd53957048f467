import { FormatError } from "../../shared/errors.js";
import { outputTooLarge } from "../../shared/limits.js";
import { requireNodeModule } from "../../shared/platform.js";
import type { BrotliEngine } from "../types.js";
import { trailingBytes, truncatedStream } from "./errors.js";

/** What `zlib`'s synchronous functions return with `info: true`. */
interface InfoResult {
  buffer: Uint8Array;
  engine: { bytesWritten: number };
}

/**
 * Brotli by `node:zlib`, the default on Node.
 * @throws {UnsupportedError} `M2M_PLATFORM_UNSUPPORTED` outside Node.
 */
export function createNodeBrotliEngine(): BrotliEngine {
  const zlib = requireNodeModule("zlib", "Brotli");
  const { kMaxLength } = requireNodeModule("buffer", "Brotli");
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  return {
    name: "node:zlib",
    compress(content, quality) {
      return zlib.brotliCompressSync(content, {
        params: { [BROTLI_PARAM_QUALITY]: quality, [BROTLI_PARAM_SIZE_HINT]: content.length },
      });
    },
    decompress(compressed, maxOutputBytes) {
      let result: InfoResult;
      try {
        // `info` tells how many bytes were read: zlib ignores what follows the stream. At least one byte must be
        // allowed, or zlib takes the limit for absent.
        const maxOutputLength = Math.min(Math.max(maxOutputBytes, 1), kMaxLength);
        const options = { maxOutputLength, info: true };
        result = zlib.brotliDecompressSync(compressed, options) as unknown as InfoResult;
      } catch (cause) {
        const code = (cause as { code?: unknown }).code;
        if (code === "ERR_BUFFER_TOO_LARGE") throw outputTooLarge({ maxOutputBytes });
        if (code === "Z_BUF_ERROR") throw truncatedStream(compressed.length, cause);
        throw new FormatError("M2M_BROTLI_INVALID", "The Brotli stream is malformed.", { cause });
      }
      const { buffer, engine } = result;
      if (buffer.length > maxOutputBytes) throw outputTooLarge({ maxOutputBytes });
      if (engine.bytesWritten < compressed.length)
        throw trailingBytes(engine.bytesWritten, compressed.length);
      return buffer;
    },
  };
}
