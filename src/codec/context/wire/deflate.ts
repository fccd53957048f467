import type { LimitError } from "../../../shared/errors.js";
import { FormatError } from "../../../shared/errors.js";
import { requireNodeModule } from "../../../shared/platform.js";
import { decodeBounded } from "../../bounded-zlib.js";

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
  const dictionary = text.subarray(-WINDOW_BYTES);
  return decodeBounded((options) => inflateRawSync(payload, { ...options, dictionary }), payload, maxBytes, {
    tooLarge,
    truncated: (cause) =>
      new FormatError("M2M_CONTEXT_TRUNCATED", "The deflate stream is cut short.", { cause }),
    malformed: (cause) =>
      new FormatError("M2M_CONTEXT_INVALID", "The deflate stream is malformed.", { cause }),
    trailing: (offset) =>
      new FormatError("M2M_CONTEXT_INVALID", "Bytes follow the deflate stream.", { offset }),
  });
}
