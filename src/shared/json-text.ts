import { quote } from "./quote.js";
import { InputError, M2MError } from "./errors.js";
import { JsonScanner, TOKEN } from "./json-scanner.js";
import { TextBuilder } from "./text-builder.js";

/**
 * Checks that `text` is one JSON text (RFC 8259, strict: no byte order mark, no comments, no trailing comma).
 * @param maxDepth most nested arrays and objects; unbounded by default, which is safe: nothing recurses
 * @throws {FormatError} `M2M_JSON_INVALID` with the UTF-16 offset
 * @throws {LimitError} `M2M_JSON_TOO_DEEP`
 */
export function assertJsonText(text: string, maxDepth: number = Infinity): void {
  const scanner = new JsonScanner(text, maxDepth);
  while (scanner.next() !== TOKEN.END);
}

/** Whether `text` is one JSON text nested at most `maxDepth` deep. */
export function isJsonText(text: string, maxDepth: number = Infinity): boolean {
  try {
    assertJsonText(text, maxDepth);
    return true;
  } catch (error) {
    if (error instanceof M2MError) return false;
    throw error;
  }
}

/**
 * `text` without its insignificant whitespace; strings, numbers, key order and duplicate keys stay as they are written.
 * @throws {FormatError} `M2M_JSON_INVALID` with the UTF-16 offset
 * @throws {LimitError} `M2M_JSON_TOO_DEEP`
 */
export function minifyJsonText(text: string, maxDepth: number = Infinity): string {
  const scanner = new JsonScanner(text, maxDepth);
  const out = new TextBuilder();
  let runStart = -1;
  let runEnd = 0;
  while (scanner.next() !== TOKEN.END) {
    const { start, separator } = scanner;
    if (runStart < 0) runStart = start;
    else if (start !== runEnd + (separator === 0 ? 0 : 1)) {
      // There was whitespace: the run of text that can be copied as it is ends here.
      out.append(text.slice(runStart, runEnd));
      if (separator !== 0) out.append(separator === 0x2c ? "," : ":");
      runStart = start;
    }
    runEnd = scanner.end;
  }
  if (runStart === 0 && runEnd === text.length) return text;
  out.append(text.slice(runStart, runEnd));
  return out.toString();
}

/** A piece of a text: from `start` up to, but without, `end`, in UTF-16 units. */
export interface TextSlice {
  start: number;
  end: number;
}

/**
 * Finds the value that a JSON Pointer (RFC 6901) names, as a slice of the raw text. Of duplicate keys the last one
 * counts, as in `JSON.parse`. The whole text is checked.
 * @returns `undefined` if there is no such value
 * @throws {InputError} `M2M_USAGE` if `pointer` is malformed
 * @throws {FormatError} `M2M_JSON_INVALID`
 */
export function readJsonPointer(text: string, pointer: string): TextSlice | undefined {
  const path = parseJsonPointer(pointer);
  const scanner = new JsonScanner(text, Infinity);
  // How many of the open containers, from the outermost, lie on the path: only their children can be on it.
  let onPath = 0;
  let index = 0;
  let found: TextSlice | undefined;
  let foundDepth = -1;
  let childMatches = path.length === 0;
  for (let token = scanner.next(); token !== TOKEN.END; token = scanner.next()) {
    if (token === TOKEN.CLOSE_OBJECT || token === TOKEN.CLOSE_ARRAY) {
      if (found && foundDepth === scanner.depth) {
        found.end = scanner.end;
        foundDepth = -1;
      }
      if (onPath > scanner.depth) {
        onPath = scanner.depth;
        // The container that closes was the one on the path: if it was an array's item, its later siblings are not.
        index = -1;
      }
      childMatches = false;
      continue;
    }
    const opens = token === TOKEN.OPEN_OBJECT || token === TOKEN.OPEN_ARRAY;
    const depth = opens ? scanner.depth - 1 : scanner.depth;
    if (token === TOKEN.KEY) {
      childMatches = depth === onPath && sameKey(text, scanner, path[depth - 1]);
      // A later duplicate replaces what an earlier one gave, even if the pointer leads nowhere inside it.
      if (childMatches) found = undefined;
      continue;
    }
    if (index >= 0 && depth > 0 && depth === onPath && scanner.separator !== 0x3a) {
      childMatches = path[depth - 1] === String(index);
      index++;
    }
    const matches = depth === 0 || (depth === onPath && childMatches);
    childMatches = false;
    if (!matches) continue;
    if (depth === path.length) {
      found = { start: scanner.start, end: scanner.end };
      foundDepth = opens ? depth : -1;
    } else if (opens) {
      onPath = depth + 1;
      index = 0;
    }
  }
  return found;
}

/**
 * The reference tokens of a JSON Pointer (RFC 6901 section 3).
 * @throws {InputError} `M2M_USAGE`
 */
export function parseJsonPointer(pointer: string): string[] {
  if (pointer === "") return [];
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) {
    throw new InputError("M2M_USAGE", `${quote(pointer)} is not a JSON Pointer.`, {
      hint: "Write it as /key/0/key (RFC 6901), with ~1 for a slash and ~0 for a tilde in a key.",
    });
  }
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function sameKey(text: string, scanner: JsonScanner, wanted: string): boolean {
  const key = text.slice(scanner.start + 1, scanner.end - 1);
  if (!key.includes("\\")) return key === wanted;
  return JSON.parse(text.slice(scanner.start, scanner.end)) === wanted;
}
