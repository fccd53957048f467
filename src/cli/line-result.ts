import { FormatError } from "../shared/errors.js";
import { readJsonPointer } from "../shared/json-text.js";
import { decodeUtf8, encodeUtf8 } from "../shared/utf8.js";

const LINE_FEED = 0x0a;

export type Result = string | Uint8Array;

/** What became of a message: text or bytes, or an object for `--json`; `undefined` for nothing to write. */
export type Outcome = Result | object | undefined;

/**
 * An outcome as a line.
 * @param about members that go before those of an object: the number of the line, and where it stands
 * @throws {FormatError} `M2M_LINE_INVALID` if it would be more than one
 */
export function toLine(outcome: Outcome, about: object): Result | undefined {
  if (outcome === undefined) return undefined;
  return isRaw(outcome) ? assertOneLine(outcome) : JSON.stringify({ ...about, ...outcome });
}

function isRaw(result: Exclude<Outcome, undefined>): result is Result {
  return typeof result === "string" || result instanceof Uint8Array;
}

/** @throws {FormatError} `M2M_LINE_INVALID` if `result` would be more than one line */
function assertOneLine(result: Result): Result {
  const offset = typeof result === "string" ? result.indexOf("\n") : result.indexOf(LINE_FEED);
  if (offset < 0) return result;
  throw new FormatError("M2M_LINE_INVALID", "The result holds a line break, so it is no line.", {
    offset,
    hint: "Use --json with --lines: the result is then a JSON string.",
  });
}

/**
 * The message of a line; `undefined` of a line that is passed over: with `field`, one of nothing but whitespace of JSON, as a
 * reader of JSON values does (jq).
 * @throws {FormatError} `M2M_JSON_POINTER_MISSING`, and if the line is no JSON
 */
export function messageOf(line: Uint8Array, field: string | undefined): Uint8Array | undefined {
  if (field === undefined) return line;
  return isBlank(line) ? undefined : readField(line, field);
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** The message at `pointer` of a JSON record: the text of a string, the raw text of any other value. */
function readField(record: Uint8Array, pointer: string): Uint8Array {
  const text = decodeUtf8(record);
  const slice = readJsonPointer(text, pointer);
  if (!slice) throw new FormatError("M2M_JSON_POINTER_MISSING", `The record has no ${pointer}.`);
  const raw = text.slice(slice.start, slice.end);
  return encodeUtf8(raw.startsWith('"') ? (JSON.parse(raw) as string) : raw);
}
