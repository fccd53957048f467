import { jsonStringEnd } from "../../shared/json-bytes.js";
import { member, tryParseJson } from "../../shared/json-value.js";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;

/** Bytes from `start` up to, but without, `end`. */
export interface ByteSlice {
  readonly start: number;
  readonly end: number;
}

/** Members of an object by name. One that is not there is `undefined`. */
export type FoundMembers<Name extends string> = Partial<Record<Name, ByteSlice>>;

/**
 * Finds the values of members of a JSON object's outermost level without reading what is in them: strings are searched for
 * their end, and nothing is built. Of duplicate members the last counts, as in `JSON.parse`. The text is not checked; of
 * malformed text something is found or nothing.
 * @param from offset of the object, whitespace before it allowed
 * @returns `undefined` if there stands no whole object
 */
export function findMembers<Name extends string>(
  json: Buffer,
  names: readonly Name[],
  from = 0,
): FoundMembers<Name> | undefined {
  const found: FoundMembers<Name> = {};
  const length = json.length;
  let at = skipWhitespace(json, from);
  if (json[at] !== 0x7b) return undefined;
  let depth = 0;
  // The member of the outermost level that is being read, where its value begins, and the end of what was read last.
  let name: Name | undefined;
  let valueStart = 0;
  let lastEnd = 0;
  let expectsKey = false;
  const close = (): void => {
    if (name !== undefined && lastEnd > valueStart) found[name] = { start: valueStart, end: lastEnd };
    name = undefined;
  };
  while (at < length) {
    const byte = json[at];
    switch (byte) {
      case QUOTE: {
        const end = jsonStringEnd(json, at);
        if (end < 0) return undefined;
        if (expectsKey) {
          expectsKey = false;
          name = nameOf(json, at, end, names);
          at = skipWhitespace(json, end);
          if (json[at] !== COLON) return undefined;
          at = skipWhitespace(json, at + 1);
          valueStart = at;
        } else at = lastEnd = end;
        continue;
      }
      case 0x7b:
      case 0x5b:
        depth++;
        expectsKey = byte === 0x7b && depth === 1;
        break;
      case 0x7d:
      case 0x5d:
        if (--depth === 0) {
          close();
          return found;
        }
        break;
      case COMMA:
        if (depth !== 1) break;
        close();
        expectsKey = true;
        break;
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        at++;
        continue;
    }
    lastEnd = ++at;
  }
  return undefined;
}

/** Up to this size it is faster to parse all than to look for members. */
const PARSED_BYTES = 8192;

/**
 * The values of members of a JSON object's outermost level. Of malformed text something is found or nothing.
 * @see findMembers
 */
export function readMembers<Name extends string>(
  json: Buffer,
  names: readonly Name[],
): Partial<Record<Name, unknown>> {
  const values: Partial<Record<Name, unknown>> = {};
  const whole = json.length <= PARSED_BYTES ? parseSlice(json, { start: 0, end: json.length }) : undefined;
  if (whole !== undefined) {
    for (const name of names) values[name] = member(whole, name);
    return values;
  }
  const found = findMembers(json, names);
  for (const name of names) values[name] = parseSlice(json, found?.[name]);
  return values;
}

/** The value of a slice; `undefined` if it is none, or malformed. */
export function parseSlice(json: Buffer, slice: ByteSlice | undefined): unknown {
  return slice && tryParseJson(json.toString("utf8", slice.start, slice.end));
}

export function skipWhitespace(json: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = json[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}

function nameOf<Name extends string>(
  json: Buffer,
  start: number,
  end: number,
  names: readonly Name[],
): Name | undefined {
  let key = json.toString("latin1", start + 1, end - 1);
  if (key.includes("\\")) {
    const read = parseSlice(json, { start, end });
    if (typeof read !== "string") return undefined;
    key = read;
  }
  return names.find((name) => name === key);
}
