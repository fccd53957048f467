import { countWith } from "../../shared/count-of.js";
import { FormatError } from "../../shared/errors.js";

/** The stream ends before its last block. */
export function truncatedStream(lengthBytes: number, cause?: unknown): FormatError {
  return new FormatError(
    "M2M_BROTLI_TRUNCATED",
    `The Brotli stream is cut short after ${lengthBytes} bytes.`,
    {
      offset: lengthBytes,
      cause,
    },
  );
}

/** Bytes follow the stream's last block. */
export function trailingBytes(offset: number, lengthBytes: number): FormatError {
  const follow = countWith(lengthBytes - offset, "byte", ["follows", "follow"]);
  return new FormatError("M2M_BROTLI_INVALID", `${follow} the Brotli stream.`, {
    offset,
  });
}
