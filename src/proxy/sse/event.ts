const LF = 0x0a;
const COLON = 0x3a;

/** The fields of one block of an event stream. */
export interface SseFields {
  /** The last `event` field; empty if there is none, which a browser reads as `message`. */
  readonly event: string;
  /** The `data` fields, joined by line feeds; `undefined` without any: such a block dispatches nothing. */
  readonly data: string | undefined;
  /** The last `id` field that holds no U+0000. It stays in force for later events; that is the caller's to remember. */
  readonly id: string | undefined;
  /** Milliseconds to wait before connecting again. */
  readonly retry: number | undefined;
  /** Lines that begin with a colon, joined by line feeds. */
  readonly comment: string | undefined;
}

/**
 * One block of an event stream: what stands up to and with a blank line. It is decoded when a field is first asked for,
 * so that what only passes through is not.
 */
export class SseEvent implements SseFields {
  /** The bytes as they came. */
  readonly raw: Uint8Array;
  /** False for what the end of the stream cut off: a reader dispatches nothing for it (HTML 9.2.6). */
  readonly complete: boolean;
  readonly #isFirst: boolean;
  #fields: SseFields | undefined;

  /** @param isFirst whether `raw` begins the stream, so that a byte order mark is none of its content */
  constructor(raw: Uint8Array, complete: boolean, isFirst: boolean) {
    this.raw = raw;
    this.complete = complete;
    this.#isFirst = isFirst;
  }

  get event(): string {
    return this.#read().event;
  }
  get data(): string | undefined {
    return this.#read().data;
  }
  get id(): string | undefined {
    return this.#read().id;
  }
  get retry(): number | undefined {
    return this.#read().retry;
  }
  get comment(): string | undefined {
    return this.#read().comment;
  }

  #read(): SseFields {
    return (this.#fields ??= readFields(this.raw, this.#isFirst));
  }
}

/** Fields by the rules of HTML section 9.2.6 (interpreting an event stream). */
function readFields(raw: Uint8Array, isFirst: boolean): SseFields {
  const only = onlyDataLine(raw);
  if (only !== undefined) {
    return { event: "", data: only, id: undefined, retry: undefined, comment: undefined };
  }
  let text = textOf(raw, 0, raw.length);
  if (isFirst && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
  const data: string[] = [];
  const comments: string[] = [];
  let event = "";
  let id: string | undefined;
  let retry: number | undefined;
  const lines = text.split(/\r\n|\r|\n/);
  // What stands behind the last line's end is no line.
  lines.pop();
  for (const line of lines) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1);
    if (name === "data") data.push(value);
    else if (name === "event") event = value;
    else if (name === "id" && !value.includes("\0")) id = value;
    else if (name === "retry" && /^[0-9]+$/.test(value)) retry = Number(value);
    else if (colon === 0) comments.push(value);
  }
  return {
    event,
    data: data.length > 0 ? data.join("\n") : undefined,
    id,
    retry,
    comment: comments.length > 0 ? comments.join("\n") : undefined,
  };
}

/** The value of a block `data: VALUE` with line feeds, which most are; `undefined` for any other. */
function onlyDataLine(raw: Uint8Array): string | undefined {
  const end = raw.length - 2;
  if (end < 6 || raw[end] !== LF || raw[end + 1] !== LF) return undefined;
  if (raw[0] !== 0x64 || raw[1] !== 0x61 || raw[2] !== 0x74 || raw[3] !== 0x61) return undefined;
  if (raw[4] !== COLON || raw[5] !== 0x20) return undefined;
  if (raw.indexOf(LF) !== end || raw.includes(0x0d)) return undefined;
  return textOf(raw, 6, end);
}

/** Text of UTF-8, with replacement characters for what is ill-formed, as the standard decodes event streams. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8", start, end);
}
