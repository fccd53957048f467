/** What an upstream answers in good order: a body, or events of a stream (each with its blank line). */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly events?: readonly string[];
}

/** A request body as far as the answers depend on it; anything may be missing or wrong. */
export interface AskedFor {
  readonly model?: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly messages?: readonly { readonly role?: string; readonly content?: unknown }[];
  readonly input?: unknown;
  readonly tools?: readonly { readonly name?: string; readonly function?: { readonly name?: string } }[];
  readonly response_format?: { readonly type?: string };
  readonly text?: { readonly format?: { readonly type?: string } };
  readonly encoding_format?: string;
  readonly dimensions?: number;
  readonly thinking?: unknown;
}

/** What every provider's answer is made with. */
export interface AnswerContext {
  /** Number of the request, from 1. */
  readonly serial: number;
  readonly asked: AskedFor;
  /** Leaves the usage out. */
  readonly noUsage: boolean;
}

/** Text with characters of one to four bytes of UTF-8, in the pieces in which it is streamed. */
export const TEXT_PIECES: readonly string[] = ["Grüße", " aus", " der", " Ferne", ": 日本", "語", " 👋🏽", "."];
export const TEXT = TEXT_PIECES.join("");

/** Arguments of a tool call, in the fragments in which they are streamed: none is JSON by itself. */
export const ARGUMENT_PIECES: readonly string[] = ['{"ci', 'ty":"Zür', 'ich","un', 'it":"°C"}'];
export const ARGUMENTS = ARGUMENT_PIECES.join("");

/** What a request for structured output gets. */
export const STRUCTURED = '{"answer":"Zürich","confidence":0.9}';

export function jsonAnswer(
  status: number,
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: Buffer.from(JSON.stringify(document)),
  };
}

export function streamAnswer(
  events: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status: 200,
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", ...headers },
    events,
  };
}

export function dataEvent(document: unknown): string {
  return `data: ${JSON.stringify(document)}\n\n`;
}

/** An event with a name, which is the `type` of its document. */
export function namedEvent<Document extends { readonly type: string }>(document: Document): string {
  return `event: ${document.type}\ndata: ${JSON.stringify(document)}\n\n`;
}

/** Whether the last message brings the result of a tool, so that the model has its say. */
export function hasToolResult({ messages = [] }: AskedFor): boolean {
  const last = messages.at(-1);
  return (
    last?.role === "tool" ||
    (Array.isArray(last?.content) &&
      last.content.some((block: { type?: string } | null) => block?.type === "tool_result"))
  );
}
