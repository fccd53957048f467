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

/** More texts at once are no answer of a model. */
const MAX_STREAMS = 64;
const MAX_DELTAS_AN_EVENT = 64;
/** Each costs an exception. */
const MAX_BROKEN_EVENTS = 1000;

interface Data {
  readonly text: string;
  readonly offset: number;
}

/**
 * The texts that the events of `document` spell together: server-sent events, JSON lines or an array of JSON, of OpenAI's chat
 * and Responses, Anthropic's Messages or Gemini. Linear in its length; never throws.
 */
export function readStreams(document: string): StreamedText[] {
  const streams = new Streams();
  const first = /^[\s\ufeff]*/u.exec(document)![0].length;
  if (/^(?:data|event|id|retry)?:/u.test(document.slice(first, first + 6))) {
    for (const data of serverSentEvents(document)) streams.addData(data);
  } else if (document.startsWith("{", first) && document.includes("\n{")) {
    for (const data of lines(document)) streams.addData(data);
  } else if (document.startsWith("[", first) && /"delta"|"candidates"/u.test(document)) {
    const events = parse(document);
    if (Array.isArray(events)) for (const event of events) streams.add(event, first);
  }
  return streams.found();
}

/** The data of each event (WHATWG HTML, section 9.2.6). */
function* serverSentEvents(document: string): Generator<Data> {
  let text: string | undefined;
  let offset = 0;
  for (const line of lines(document)) {
    if (line.text === "") {
      if (text !== undefined) yield { text, offset };
      text = undefined;
    } else if (line.text.startsWith("data:")) {
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

function* lines(document: string): Generator<Data> {
  for (let start = 0; start < document.length;) {
    const lineBreak = document.indexOf("\n", start);
    const end = lineBreak === -1 ? document.length : lineBreak;
    const text = document.slice(start, document.charCodeAt(end - 1) === 0x0d ? end - 1 : end);
    yield { text, offset: start };
    start = end + 1;
  }
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

  addData({ text, offset }: Data): void {
    const first = text.charCodeAt(0);
    if (first === 0x7b) {
      const event = this.#broken < MAX_BROKEN_EVENTS ? parse(text) : undefined;
      if (event === undefined) this.#broken++;
      this.add(event, offset);
    } else {
      // What is no JSON is taken for the text itself.
      const pointer = `/${this.#events++}`;
      if (text !== "[DONE]") this.#push({ pointer, offset }, text, "text", "", "", "plain");
    }
  }

  /** Adds what one event says: its deltas, by the text that they belong to. */
  add(event: unknown, offset: number): void {
    const at = { pointer: `/${this.#events++}`, offset };
    if (!isFields(event)) return;
    const { type, delta, index } = event;
    if (type === "content_block_delta" && isFields(delta)) {
      for (const field of BLOCK_FIELDS) {
        const kind = field === "partial_json" ? "arguments" : "text";
        this.#push(at, delta[field], kind, "/delta/", field, index);
      }
    } else if (typeof type === "string" && type.endsWith(".delta")) {
      const { item_id, output_index, content_index } = event;
      const kind = type.includes("arguments") ? "arguments" : "text";
      this.#push(at, delta, kind, "/", "delta", [type, item_id, output_index, content_index].join());
    }
    for (const [nth, choice] of items(event.choices)) this.#addChoice(choice, nth, at);
    for (const [nth, candidate] of items(event.candidates)) {
      const parts = isFields(candidate.content) ? candidate.content.parts : undefined;
      for (const [place, part] of items(parts)) {
        const parent = `/candidates/${nth}/content/parts/${place}/`;
        this.#push(at, part.text, "text", parent, "text", candidate.index ?? nth);
      }
    }
  }

  #addChoice(choice: Fields, nth: number, at: Place): void {
    const name = choice.index ?? nth;
    this.#push(at, choice.text, "text", `/choices/${nth}/`, "text", name);
    if (!isFields(choice.delta)) return;
    const parent = `/choices/${nth}/delta/`;
    for (const field of DELTA_FIELDS) this.#push(at, choice.delta[field], "text", parent, field, name);
    for (const [place, call] of items(choice.delta.tool_calls)) {
      if (!isFields(call.function)) continue;
      const inCall = `${parent}tool_calls/${place}/function/`;
      const id = `${String(name)} ${String(call.index ?? place)}`;
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
    const key = `${field} ${String(name)}`;
    const piece = { text, pointer: at.pointer + parent + field, offset: at.offset };
    const stream = this.#streams.get(key);
    if (stream) stream.pieces.push(piece);
    else if (this.#streams.size < MAX_STREAMS) this.#streams.set(key, { kind, pieces: [piece] });
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects of an array, with their places. */
function items(value: unknown): [number, Fields][] {
  if (!Array.isArray(value)) return [];
  const found: [number, Fields][] = [];
  for (let at = 0; at < value.length && at < MAX_DELTAS_AN_EVENT; at++) {
    const item: unknown = value[at];
    if (isFields(item)) found.push([at, item]);
  }
  return found;
}
