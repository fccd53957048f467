import { JsonScanner, TOKEN } from "../shared/json-scanner.js";

const COLON = 0x3a;

/** Bounds of an indented text: indentation can make a text forty times as long. */
export interface PrettyLimits {
  readonly maxJsonDepth: number;
  readonly maxCharacters: number;
}

/**
 * JSON text, indented by two blanks. Only whitespace changes: strings, numbers, key order and duplicate keys stay.
 * @returns `undefined` if the result would pass `maxCharacters`
 * @throws {FormatError} `M2M_JSON_INVALID`
 * @throws {LimitError} `M2M_JSON_TOO_DEEP`
 */
export function prettyJsonText(text: string, limits: PrettyLimits): string | undefined {
  const scanner = new JsonScanner(text, limits.maxJsonDepth);
  let out = "";
  let depth = 0;
  let empty = true;
  for (let token = scanner.next(); token !== TOKEN.END; token = scanner.next()) {
    const closes = token === TOKEN.CLOSE_OBJECT || token === TOKEN.CLOSE_ARRAY;
    const opens = token === TOKEN.OPEN_OBJECT || token === TOKEN.OPEN_ARRAY;
    if (closes) depth--;
    if (scanner.separator === COLON) out += ": ";
    else {
      if (scanner.separator !== 0) out += ",";
      // An empty container stays on one line.
      if (out !== "" && !(closes && empty)) out += `\n${"  ".repeat(depth)}`;
    }
    out += text.slice(scanner.start, scanner.end);
    if (opens) depth++;
    empty = opens;
    if (out.length > limits.maxCharacters) return undefined;
  }
  return out;
}
