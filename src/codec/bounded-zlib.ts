import { requireNodeModule } from "../shared/platform.js";

/** What `node:zlib` takes of a decoder that is bounded and says how much it has read. */
interface BoundedOptions {
  readonly maxOutputLength: number;
  readonly info: true;
}

/** What `zlib`'s synchronous functions return with `info: true`. */
interface InfoResult {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** The errors of a format whose stream `node:zlib` decodes. */
export interface StreamErrors {
  readonly tooLarge: () => Error;
  readonly truncated: (cause: unknown) => Error;
  readonly malformed: (cause: unknown) => Error;
  /** @param offset where the bytes begin that follow the stream */
  readonly trailing: (offset: number) => Error;
}

/**
 * Decodes `payload`, all of it, by a synchronous function of `node:zlib`.
 * @param decode calls it with the options that it is given
 * @param maxBytes of the result; may be more than a buffer can hold
 * @throws {Error} of `errors`
 */
export function decodeBounded(
  decode: (options: BoundedOptions) => unknown,
  payload: Uint8Array,
  maxBytes: number,
  errors: StreamErrors,
): Uint8Array {
  const { kMaxLength } = requireNodeModule("buffer", "node:zlib");
  let result: InfoResult;
  try {
    // At least one byte must be allowed, or zlib takes the limit for absent. It ignores what follows the stream: `info` tells.
    const maxOutputLength = Math.min(Math.max(maxBytes, 1), kMaxLength);
    result = decode({ maxOutputLength, info: true }) as InfoResult;
  } catch (cause) {
    const { code, errno } = cause as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") throw errors.tooLarge();
    // Errors of the stream have a number of zlib; what else is thrown says nothing of it.
    if (errno === undefined) throw cause;
    throw code === "Z_BUF_ERROR" ? errors.truncated(cause) : errors.malformed(cause);
  }
  const { buffer, engine } = result;
  if (buffer.length > maxBytes) throw errors.tooLarge();
  if (engine.bytesWritten < payload.length) throw errors.trailing(engine.bytesWritten);
  return buffer;
}
