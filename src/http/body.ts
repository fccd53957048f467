import type { IncomingMessage } from "node:http";
import { InputError, LimitError } from "../shared/errors.js";

/**
 * The whole body of `request`.
 * @param onChunk told of the bytes of each piece; an error that it gives ends the reading
 * @throws {LimitError} `M2M_INPUT_TOO_LARGE` over `maxBytes`: before anything is read, if `Content-Length` says so
 * @throws {InputError} `M2M_REQUEST_INVALID` if the client goes away before the end
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  onChunk?: (sizeBytes: number) => Error | undefined,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const declared = Number(request.headers["content-length"] ?? 0);
    if (declared > maxBytes) return reject(tooLarge(maxBytes));
    if (request.destroyed && !request.complete) return reject(cut());
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const take = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      const refusal = sizeBytes > maxBytes ? tooLarge(maxBytes) : onChunk?.(chunk.length);
      if (refusal === undefined) {
        chunks.push(chunk);
        return;
      }
      request.off("data", take).pause();
      // Those that wait for its end know them still.
      chunks.length = 0;
      reject(refusal);
    };
    // Whichever comes first counts: what is settled stays so, and taking listeners away costs more than leaving them.
    request.on("data", take);
    request.on("end", () => {
      const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, sizeBytes);
      // The listeners live as long as the request: they are not to keep its pieces beside the whole.
      chunks.length = 0;
      resolve(body);
    });
    request.on("error", () => reject(cut()));
    request.on("close", () => {
      if (!request.complete) reject(cut());
    });
  });
}

function tooLarge(maxBytes: number): LimitError {
  return new LimitError("M2M_INPUT_TOO_LARGE", `The body is over ${maxBytes} bytes.`);
}

function cut(): InputError {
  return new InputError("M2M_REQUEST_INVALID", "The request ended before its body did.");
}
