import { FormatError, LimitError } from "../../shared/errors.js";
import { JsonScanner, TOKEN } from "../../shared/json-scanner.js";
import { quote } from "../../shared/quote.js";
import { decodeUtf8, utf8Length } from "../../shared/utf8.js";

export interface JsonLimits {
  /** Most bytes of the text, in UTF-8. */
  readonly maxBytes: number;
  /** Most nested arrays and objects. */
  readonly maxDepth: number;
  /** Most keys and values: a message has a few dozen. */
  readonly maxTokens: number;
}

/**
 * The value of a JSON text that is small in every way and names no member twice: two readers of such a text that take
 * different members would see different messages.
 * @throws {LimitError} `M2M_INPUT_TOO_LARGE`, `M2M_JSON_TOO_DEEP`
 * @throws {FormatError} `M2M_UTF8_INVALID`, `M2M_JSON_INVALID`, `M2M_MESSAGE_INVALID`
 */
export function parseBoundedJson(input: string | Uint8Array, limits: JsonLimits): unknown {
  // A text has at least as many bytes as UTF-16 units, so an oversized one is refused before its bytes are counted.
  assertSize(input.length, limits);
  if (typeof input === "string") assertSize(utf8Length(input), limits);
  const text = typeof input === "string" ? input : decodeUtf8(input);
  const scanner = new JsonScanner(text, limits.maxDepth);
  const open: (Set<string> | undefined)[] = [];
  let tokens = 0;
  for (let token = scanner.next(); token !== TOKEN.END; token = scanner.next()) {
    if (++tokens > limits.maxTokens) throw tooManyTokens(scanner.start, limits);
    if (token === TOKEN.OPEN_OBJECT) open.push(new Set());
    else if (token === TOKEN.OPEN_ARRAY) open.push(undefined);
    else if (token === TOKEN.CLOSE_OBJECT || token === TOKEN.CLOSE_ARRAY) open.pop();
    else if (token === TOKEN.KEY) {
      const key = JSON.parse(text.slice(scanner.start, scanner.end)) as string;
      const keys = open[open.length - 1] as Set<string>;
      if (keys.has(key)) {
        throw new FormatError("M2M_MESSAGE_INVALID", `The message has the member ${quote(key)} twice.`, {
          offset: scanner.start,
        });
      }
      keys.add(key);
    }
  }
  return JSON.parse(text) as unknown;
}

function assertSize(sizeBytes: number, { maxBytes }: JsonLimits): void {
  if (sizeBytes <= maxBytes) return;
  throw new LimitError(
    "M2M_INPUT_TOO_LARGE",
    `The message has ${sizeBytes} bytes, over the limit of ${maxBytes}.`,
  );
}

function tooManyTokens(offset: number, { maxTokens }: JsonLimits): LimitError {
  return new LimitError("M2M_INPUT_TOO_LARGE", `The message has more than ${maxTokens} keys and values.`, {
    offset,
  });
}
