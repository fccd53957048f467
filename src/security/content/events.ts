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

class Streams {
  readonly #streams = new Map<string, { kind: StreamedText["kind"]; pieces: StreamPiece[] }>();
  #events = 0;

  addData({ text, offset }: Data): void {
    const first = text.charCodeAt(0);
    if (first === 0x7b) this.add(parse(text), offset);
    else {
      // What is no JSON is taken for the text itself.
      if (text !== "" && text !== "[DONE]") this.#push("plain", "text", text, `/${this.#events}`, offset);
      this.#events++;
    }
  }

  /** Adds what one event says: its deltas, by the text that they belong to. */
  add(event: unknown, offset: number): void {
    const at = `/${this.#events++}`;
    if (!isFields(event)) return;
    const push = (key: string, kind: StreamedText["kind"], text: unknown, pointer: string): void => {
      if (typeof text === "string" && text !== "") this.#push(key, kind, text, at + pointer, offset);
    };
    const { type, delta, index } = event;
    if (typeof type === "string" && type.endsWith(".delta")) {
      const place = [event.item_id, event.output_index, event.content_index].map(String).join();
      push(`${type} ${place}`, type.includes("arguments") ? "arguments" : "text", delta, "/delta");
    } else if (type === "content_block_delta" && isFields(delta)) {
      for (const field of ["text", "thinking", "partial_json"]) {
        const kind = field === "partial_json" ? "arguments" : "text";
        push(`${field} ${String(index)}`, kind, delta[field], `/delta/${field}`);
      }
    }
    for (const [nth, choice] of items(event.choices)) {
      const name = String(choice.index ?? nth);
      push(`choice ${name}`, "text", choice.text, `/choices/${nth}/text`);
      const said = isFields(choice.delta) ? choice.delta : {};
      for (const field of ["content", "reasoning_content", "reasoning", "refusal"]) {
        push(`${field} ${name}`, "text", said[field], `/choices/${nth}/delta/${field}`);
      }
      for (const [place, call] of items(said.tool_calls)) {
        const called = isFields(call.function) ? call.function.arguments : undefined;
        const pointer = `/choices/${nth}/delta/tool_calls/${place}/function/arguments`;
        push(`call ${name} ${String(call.index ?? place)}`, "arguments", called, pointer);
      }
    }
    for (const [nth, candidate] of items(event.candidates)) {
      const parts = isFields(candidate.content) ? candidate.content.parts : undefined;
      for (const [place, part] of items(parts)) {
        const pointer = `/candidates/${nth}/content/parts/${place}/text`;
        push(`candidate ${String(candidate.index ?? nth)}`, "text", part.text, pointer);
      }
    }
  }

  /** Texts of one piece are no news. */
  found(): StreamedText[] {
    return [...this.#streams.values()].filter(({ pieces }) => pieces.length > 1);
  }

  #push(key: string, kind: StreamedText["kind"], text: string, pointer: string, offset: number): void {
    const stream = this.#streams.get(key);
    if (stream) stream.pieces.push({ text, pointer, offset });
    else if (this.#streams.size < MAX_STREAMS) {
      this.#streams.set(key, { kind, pieces: [{ text, pointer, offset }] });
    }
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
