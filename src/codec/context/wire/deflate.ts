import type { LimitError } from "../../../shared/errors.js";
import { FormatError } from "../../../shared/errors.js";
import { requireNodeModule } from "../../../shared/platform.js";

/** Bytes at the end of the prior's text that deflate can look back at (RFC 1951). */
const WINDOW_BYTES = 32768;

/** A raw deflate stream (RFC 1951) of `content` behind the end of `text`. */
export function deflate(content: Uint8Array, text: Uint8Array): Uint8Array {
  const { deflateRawSync } = requireNodeModule("zlib", "The level fast");
  return deflateRawSync(content, { level: 9, memLevel: 9, dictionary: text.subarray(-WINDOW_BYTES) });
}

/**
 * @throws {LimitError} as soon as there would be more than `maxBytes`
 * @throws {FormatError} `M2M_CONTEXT_INVALID`, `M2M_CONTEXT_TRUNCATED`
 */
export function inflate(
  payload: Uint8Array,
  text: Uint8Array,
  maxBytes: number,
  tooLarge: () => LimitError,
): Uint8Array {
  const { inflateRawSync } = requireNodeModule("zlib", "A dictionary wire of the level fast");
  let result: { buffer: Uint8Array; engine: { bytesWritten: number } };
  try {
    // With `info` the engine tells how much of the input it used.
    result = inflateRawSync(payload, {
      dictionary: text.subarray(-WINDOW_BYTES),
      maxOutputLength: Math.max(1, maxBytes),
      info: true,
    }) as unknown as typeof result;
  } catch (cause) {
    const { code } = cause as { code?: string };
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge();
    const isCut = code === "Z_BUF_ERROR";
    throw new FormatError(
      isCut ? "M2M_CONTEXT_TRUNCATED" : "M2M_CONTEXT_INVALID",
      isCut ? "The deflate stream is cut short." : "The deflate stream is malformed.",
      { cause },
    );
  }
  if (result.buffer.length > maxBytes) throw tooLarge();
  if (result.engine.bytesWritten < payload.length) {
    throw new FormatError("M2M_CONTEXT_INVALID", "Bytes follow the deflate stream.", {
      offset: result.engine.bytesWritten,
    });
  }
  return result.buffer;
}
