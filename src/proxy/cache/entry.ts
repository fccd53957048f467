import { createHash } from "node:crypto";
import { isJsonObject, tryParseJson } from "../../shared/json-value.js";

/** An answer as it was recorded. */
export interface CachedResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** Of a stream, all its events. */
  readonly body: Uint8Array;
  /** Milliseconds since 1970. */
  readonly storedAtMs: number;
}

/** Headers that say what the body is. Others tell of one request (ids, limits, cookies), and are not replayed. */
const KEPT_HEADERS: ReadonlySet<string> = new Set([
  ...["content-type", "content-encoding", "content-language", "openai-version", "openai-model"],
]);

/** "M2MR" and the version of the layout: then a SHA-256 of the rest, the length of the head, the head as JSON, the body. */
const MAGIC = Buffer.from("M2MR\x01", "latin1");
const HASH_BYTES = 32;
const HEAD_AT = MAGIC.length + HASH_BYTES + 4;

/** Those of the headers of an answer that are kept. @param rawHeaders names and values in turn */
export function keptHeaders(rawHeaders: readonly string[]): Array<readonly [string, string]> {
  const kept: Array<readonly [string, string]> = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i].toLowerCase();
    if (KEPT_HEADERS.has(name)) kept.push([name, rawHeaders[i + 1]]);
  }
  return kept;
}

export function writeEntry({ status, headers, body, storedAtMs }: CachedResponse): Uint8Array {
  const head = Buffer.from(JSON.stringify({ status, headers, storedAtMs }));
  const entry = Buffer.alloc(HEAD_AT + head.length + body.length);
  MAGIC.copy(entry);
  entry.writeUInt32BE(head.length, HEAD_AT - 4);
  head.copy(entry, HEAD_AT);
  entry.set(body, HEAD_AT + head.length);
  hashOf(entry).copy(entry, MAGIC.length);
  return entry;
}

/** The answer in an entry, whose body is a view of it; `undefined` if it is damaged, or not such an entry at all. */
export function readEntry(bytes: Uint8Array): CachedResponse | undefined {
  const entry = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (entry.length < HEAD_AT || !entry.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (!hashOf(entry).equals(entry.subarray(MAGIC.length, MAGIC.length + HASH_BYTES))) return undefined;
  const bodyAt = HEAD_AT + entry.readUInt32BE(HEAD_AT - 4);
  if (bodyAt > entry.length) return undefined;
  const head = tryParseJson(entry.toString("utf8", HEAD_AT, bodyAt));
  if (!isJsonObject(head)) return undefined;
  const { status, headers, storedAtMs } = head;
  if (typeof status !== "number" || typeof storedAtMs !== "number" || !isHeaderList(headers))
    return undefined;
  return { status, headers, storedAtMs, body: entry.subarray(bodyAt) };
}

function hashOf(entry: Buffer): Buffer {
  return createHash("sha256")
    .update(entry.subarray(MAGIC.length + HASH_BYTES))
    .digest();
}

function isHeaderList(value: unknown): value is Array<[string, string]> {
  return (
    Array.isArray(value) &&
    value.every(
      (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((item) => typeof item === "string"),
    )
  );
}
