import type { IncomingMessage } from "node:http";
import { InputError, LimitError } from "../shared/errors.js";

/**
 * The whole body of `request`.
 * @throws {LimitError} `M2M_INPUT_TOO_LARGE` over `maxBytes`: before anything is read, if `Content-Length` says so
 * @throws {InputError} `M2M_REQUEST_INVALID` if the client goes away before the end
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const declared = Number(request.headers["content-length"] ?? 0);
    if (declared > maxBytes) return reject(tooLarge(maxBytes));
    if (request.destroyed && !request.complete) return reject(cut());
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const stop = () => {
      request.off("data", take).off("end", finish).off("error", fail).off("close", fail);
    };
    const take = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      stop();
      request.pause();
      reject(tooLarge(maxBytes));
    };
    const finish = () => {
      stop();
      resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, sizeBytes));
    };
    const fail = () => {
      stop();
      reject(cut());
    };
    request.on("data", take).on("end", finish).on("error", fail).on("close", fail);
  });
}

function tooLarge(maxBytes: number): LimitError {
  return new LimitError("M2M_INPUT_TOO_LARGE", `The body is over ${maxBytes} bytes.`);
}

function cut(): InputError {
  return new InputError("M2M_REQUEST_INVALID", "The request ended before its body did.");
}
