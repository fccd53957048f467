import { FormatError } from "../../shared/errors.js";
import { outputTooLarge } from "../../shared/limits.js";
import { requireNodeModule } from "../../shared/platform.js";
import { decodeBounded } from "../bounded-zlib.js";
import type { BrotliEngine } from "../types.js";
import { trailingBytes, truncatedStream } from "./errors.js";

/**
 * Brotli by `node:zlib`, the default on Node.
 * @throws {UnsupportedError} `M2M_PLATFORM_UNSUPPORTED` outside Node.
 */
export function createNodeBrotliEngine(): BrotliEngine {
  const zlib = requireNodeModule("zlib", "Brotli");
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  return {
    name: "node:zlib",
    compress(content, quality) {
      return zlib.brotliCompressSync(content, {
        params: { [BROTLI_PARAM_QUALITY]: quality, [BROTLI_PARAM_SIZE_HINT]: content.length },
      });
    },
    decompress(compressed, maxOutputBytes) {
      return decodeBounded(
        (options) => zlib.brotliDecompressSync(compressed, options),
        compressed,
        maxOutputBytes,
        {
          tooLarge: () => outputTooLarge({ maxOutputBytes }),
          truncated: (cause) => truncatedStream(compressed.length, cause),
          malformed: (cause) =>
            new FormatError("M2M_BROTLI_INVALID", "The Brotli stream is malformed.", { cause }),
          trailing: (offset) => trailingBytes(offset, compressed.length),
        },
      );
    },
  };
}
