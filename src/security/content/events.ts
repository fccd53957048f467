import { isJsonObject, listOf } from "../../shared/json-value.js";

/** One piece of a text that comes in pieces. */
export interface StreamPiece {
  readonly text: string;
  /** JSON pointer below the events, the first one being `/0`. */
  readonly pointer: string;
  /** UTF-16 offset in the document of the event's data. */
  readonly offset: number;
}

/** Texts that a model said piece by piece, each whole. */
export interface StreamedText {
  /** `arguments` are JSON of a tool call. */
  readonly kind: "text" | "arguments";
  readonly pieces: readonly StreamPiece[];
}

/** Each costs an exception. Clients give up at the first. */
const MAX_BROKEN_EVENTS = 10_000;

interface Data {
  readonly text: string;
  readonly offset: number;
}

/**
 * The texts that the events of `document` spell together: server-sent events, JSON lines or an array of JSON, of OpenAI's chat
 * and Responses, Anthropic's Messages, Gemini, Bedrock's Converse or Ollama. Linear in its length; never throws.
 */
export function readStreams(document: string): StreamedText[] {
  const streams = new Streams();
  const first = /^[\s\ufeff]*/u.exec(document)![0].length;
  if (hasDataLine(document)) {
    for (const data of serverSentEvents(document)) streams.addData(data);
  } else if (document.startsWith("{", first)) {
    for (const line of lines(document)) if (isObjectText(line.text)) streams.addJson(line);
  } else if (document.startsWith("[", first) && mayHoldDeltas(document)) {
    const events = parse(document);
    if (Array.isArray(events)) for (const event of events) streams.add(event, first);
  }
  return streams.found();
}

/** Whether a line is a field `data`, whatever stands before it: readers of event streams pass over fields that they do not know. */
function hasDataLine(document: string): boolean {
  for (let at = document.indexOf("data:"); at !== -1; at = document.indexOf("data:", at + 1)) {
    if (at === 0 || "\n\r\ufeff".includes(document[at - 1])) return true;
  }
  return false;
}

/** The data of each event (WHATWG HTML, section 9.2.6). */
function* serverSentEvents(document: string): Generator<Data> {
  let text: string | undefined;
  let offset = 0;
  for (const line of lines(document)) {
    if (line.text === "") {
      if (text !== undefined) yield { text, offset };
      text = undefined;
    } else if (line.text.startsWith("data:") || line.text === "data") {
      const from = line.text.charCodeAt(5) === 0x20 ? 6 : 5;
      if (text === undefined) {
        text = line.text.slice(from);
        offset = line.offset + from;
      } else text += `\n${line.text.slice(from)}`;
    }
  }
  // A stream that was cut off has no blank line at its end.
  if (text !== undefined) yield { text, offset };
}

/** Lines, whichever of the three ends they have; a byte order mark is none of the first. */
function* lines(document: string): Generator<Data> {
  let lineFeed = document.indexOf("\n");
  let carriageReturn = document.indexOf("\r");
  for (let start = document.charCodeAt(0) === 0xfeff ? 1 : 0; start < document.length;) {
    if (lineFeed !== -1 && lineFeed < start) lineFeed = document.indexOf("\n", start);
    if (carriageReturn !== -1 && carriageReturn < start) carriageReturn = document.indexOf("\r", start);
    let end = lineFeed === -1 ? document.length : lineFeed;
    if (carriageReturn !== -1 && carriageReturn < end) end = carriageReturn;
    yield { text: document.slice(start, end), offset: start };
    start = end + (end === carriageReturn && lineFeed === end + 1 ? 2 : 1);
  }
}

function isObjectText(text: string): boolean {
  return text.startsWith("{") || /^\s*\{/u.test(text);
}

/** Events without these names say nothing; a name may be spelled with escapes. To parse what is no JSON takes a hundred times as long as this. */
function mayHoldDeltas(text: string): boolean {
  return /"(?:choices|candidates|delta|done|contentBlockDelta)"|\\u/u.test(text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Of an event. */
type Place = Omit<StreamPiece, "text">;

const BLOCK_FIELDS = ["text", "thinking", "partial_json"];
const DELTA_FIELDS = ["content", "reasoning_content", "reasoning", "refusal"];

class Streams {
  readonly #streams = new Map<string, { kind: StreamedText["kind"]; pieces: StreamPiece[] }>();
  #events = 0;
  #broken = 0;

  addData(data: Data): void {
    if (isObjectText(data.text)) return this.addJson(data);
    // What is no JSON is taken for the text itself.
    const { text, offset } = data;
    const pointer = `/${this.#events++}`;
    if (text !== "[DONE]") this.#push({ pointer, offset }, text, "text", "", "", "plain");
  }

  addJson({ text, offset }: Data): void {
    const isRead = this.#broken < MAX_BROKEN_EVENTS && mayHoldDeltas(text);
    const event = isRead ? parse(text) : undefined;
    if (isRead && event === undefined) this.#broken++;
    this.add(event, offset);
  }

  /** Adds what one event says: its deltas, by the text that they belong to. */
  add(event: unknown, offset: number): void {
    const at = { pointer: `/${this.#events++}`, offset };
    if (!isJsonObject(event)) return;
    const { type, delta, index } = event;
    if (type === "content_block_delta" && isJsonObject(delta)) {
      for (const field of BLOCK_FIELDS) {
        const kind = field === "partial_json" ? "arguments" : "text";
        this.#push(at, delta[field], kind, "/delta/", field, index);
      }
    } else if (typeof type === "string" && type.endsWith(".delta")) {
      const { item_id, output_index, content_index } = event;
      const kind = type.includes("arguments") ? "arguments" : "text";
      const name = [type, item_id, output_index, content_index].map(nameOf).join();
      this.#push(at, delta, kind, "/", "delta", name);
    }
    if ("done" in event) this.#addOllama(event, at);
    if (isJsonObject(event.contentBlockDelta)) this.#addConverse(event.contentBlockDelta, at);
    for (const [nth, choice] of items(event.choices)) this.#addChoice(choice, nth, at);
    for (const [nth, candidate] of items(event.candidates)) {
      const parts = isJsonObject(candidate.content) ? candidate.content.parts : undefined;
      for (const [place, part] of items(parts)) {
        const parent = `/candidates/${nth}/content/parts/${place}/`;
        this.#push(at, part.text, "text", parent, "text", candidate.index ?? nth);
      }
    }
  }

  /** Ollama's lines, of `/api/generate` and of `/api/chat`. */
  #addOllama({ response, message }: Fields, at: Place): void {
    this.#push(at, response, "text", "/", "response", "");
    if (!isJsonObject(message)) return;
    for (const field of ["content", "thinking"]) {
      this.#push(at, message[field], "text", "/message/", field, "");
    }
  }

  /** Bedrock's Converse. */
  #addConverse({ delta, contentBlockIndex }: Fields, at: Place): void {
    if (!isJsonObject(delta)) return;
    const parent = "/contentBlockDelta/delta/";
    this.#push(at, delta.text, "text", parent, "text", contentBlockIndex);
    if (!isJsonObject(delta.toolUse)) return;
    this.#push(at, delta.toolUse.input, "arguments", `${parent}toolUse/`, "input", contentBlockIndex);
  }

  #addChoice(choice: Fields, nth: number, at: Place): void {
    const name = choice.index ?? nth;
    this.#push(at, choice.text, "text", `/choices/${nth}/`, "text", name);
    if (!isJsonObject(choice.delta)) return;
    const parent = `/choices/${nth}/delta/`;
    for (const field of DELTA_FIELDS) this.#push(at, choice.delta[field], "text", parent, field, name);
    for (const [place, call] of items(choice.delta.tool_calls)) {
      if (!isJsonObject(call.function)) continue;
      const inCall = `${parent}tool_calls/${place}/function/`;
      const id = `${nameOf(name)} ${nameOf(call.index ?? place)}`;
      this.#push(at, call.function.arguments, "arguments", inCall, "arguments", id);
    }
  }

  /** Texts of one piece are no news. */
  found(): StreamedText[] {
    return [...this.#streams.values()].filter(({ pieces }) => pieces.length > 1);
  }

  /** @param name tells texts of one field apart */
  #push(
    at: Place,
    text: unknown,
    kind: StreamedText["kind"],
    parent: string,
    field: string,
    name: unknown,
  ): void {
    if (typeof text !== "string" || text === "") return;
    const key = `${field} ${nameOf(name)}`;
    const piece = { text, pointer: at.pointer + parent + field, offset: at.offset };
    const stream = this.#streams.get(key);
    if (stream) stream.pieces.push(piece);
    else this.#streams.set(key, { kind, pieces: [piece] });
  }
}

/** A number or a text; of anything else a text may be too deep to make. */
function nameOf(value: unknown): string {
  return typeof value === "object" ? "" : String(value);
}

/** The objects of an array, with their places. */
function items(value: unknown): [number, Fields][] {
  const found: [number, Fields][] = [];
  listOf(value).forEach((item, at) => isJsonObject(item) && found.push([at, item]));
  return found;
}
