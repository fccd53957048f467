import type { IncomingHttpHeaders } from "node:http";
import { FormatError, LimitError, UnsupportedError } from "../shared/errors.js";
import { jsonStringEnd } from "../shared/json-bytes.js";
import { decodeUtf8 } from "../shared/utf8.js";

const QUOTE = 0x22;

/**
 * Checks that the body is JSON by its media type and not encoded.
 * @throws {UnsupportedError} `M2M_MEDIA_TYPE_UNSUPPORTED`
 */
export function assertJsonType(headers: IncomingHttpHeaders): void {
  const type = headers["content-type"];
  // What nearly all clients send.
  if (type !== "application/json" && !isJsonType(type ?? "")) {
    throw new UnsupportedError("M2M_MEDIA_TYPE_UNSUPPORTED", "The body must be JSON.", {
      hint: "Send Content-Type: application/json.",
    });
  }
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new UnsupportedError("M2M_MEDIA_TYPE_UNSUPPORTED", "A body with Content-Encoding is not read.");
  }
}

/** `application/json`, or a type with the suffix `+json`; JSON has no charset but UTF-8 (RFC 8259, section 8.1). */
function isJsonType(type: string): boolean {
  const [media, ...parameters] = type.toLowerCase().split(";");
  if (!/^\s*application\/(?:[\w.!#$&^-]+\+)?json\s*$/.test(media)) return false;
  return parameters.every(
    (parameter) => !/^\s*charset\s*=/.test(parameter) || /=\s*"?utf-8"?\s*$/.test(parameter),
  );
}

/**
 * The value of a JSON text.
 * @param maxDepth most nested arrays and objects
 * @throws {FormatError} `M2M_UTF8_INVALID`, `M2M_JSON_INVALID`
 * @throws {LimitError} `M2M_JSON_TOO_DEEP`
 */
export function parseJsonBody(bytes: Buffer, maxDepth: number): unknown {
  assertDepth(bytes, maxDepth);
  const text = decodeUtf8(bytes);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // What V8 says of it repeats the content.
    throw new FormatError("M2M_JSON_INVALID", "The body is no JSON text.");
  }
}

/** Counts brackets outside strings. What is no JSON may pass: the parser comes behind it. */
function assertDepth(bytes: Buffer, maxDepth: number): void {
  let depth = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === QUOTE) {
      const end = jsonStringEnd(bytes, index);
      if (end < 0) return;
      index = end - 1;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maxDepth) {
        throw new LimitError("M2M_JSON_TOO_DEEP", `The body is nested deeper than ${maxDepth} levels.`, {
          offset: index,
        });
      }
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
}
