import { isJsonObject, member, tryParseJson } from "../../shared/json-value.js";
import { TextBuilder } from "../../shared/text-builder.js";
import type { SseEvent } from "../sse/index.js";
import type { ProviderApi } from "./api.js";
import { deltasOf } from "./output-text.js";
import { readUsage, type ResponseFacts, type Usage } from "./usage.js";

/**
 * What an event of a stream is: `usage-only` is the chunk that is there because usage was asked for, `end` and `error`
 * are the last of their stream.
 */
export type StreamMark = "content" | "usage-only" | "end" | "error";

/**
 * Follows the stream of one response: its usage, what it said, and whether it came to its end. Events of other APIs, and
 * what no reader would understand, are `content`.
 */
export class UsageMeter {
  readonly #api: ProviderApi;
  readonly #output = new TextBuilder();
  #id: string | undefined;
  #model: string | undefined;
  #usage: Usage | undefined;
  /** Anthropic's usage, as the events so far have it together. */
  readonly #parts = Object.create(null) as Record<string, unknown>;
  #finishReasons: string[] = [];
  #sequenceNumber = 0;
  #mark: StreamMark = "content";
  #hasFailed = false;

  constructor(api: ProviderApi) {
    this.#api = api;
  }

  /** What the provider has told so far. */
  get facts(): ResponseFacts {
    return { id: this.#id, model: this.#model, usage: this.#usage };
  }
  /** All text of the answer so far, thoughts and the arguments of calls with it: for counting, not for reading. */
  get output(): string {
    return this.#output.toString();
  }
  /** Why the answers ended, by their index. */
  get finishReasons(): readonly string[] {
    return this.#finishReasons.filter((reason) => reason !== undefined);
  }
  /** Whether the stream has come to its own end, and was not cut. */
  get ended(): boolean {
    return this.#mark === "end" || this.#mark === "error";
  }
  /** Whether the stream has told of a failure, by whatever event. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }
  /** Number for an event of ours in the place of the next one, in the Responses API. */
  get nextSequenceNumber(): number {
    return this.#sequenceNumber;
  }

  /** Takes the next event. Never throws for what is in it. */
  observe(event: SseEvent): StreamMark {
    const { data } = event;
    if (!event.complete || data === undefined || this.#api === "other") return "content";
    const mark = data.startsWith("[DONE]") ? "end" : this.#read(tryParseJson(data));
    if (!this.ended) this.#mark = mark;
    this.#hasFailed ||= mark === "error";
    return mark;
  }

  #read(value: unknown): StreamMark {
    if (!isJsonObject(value)) return "content";
    for (const piece of deltasOf(this.#api, value)) this.#output.append(piece);
    switch (this.#api) {
      case "anthropic-messages":
        return this.#readAnthropic(value);
      case "openai-responses":
        return this.#readResponses(value);
      case "openai-chat":
      case "openai-completions":
      case "openai-embeddings":
        return this.#readChunk(value);
      case "other":
        return "content";
    }
  }

  #readChunk(chunk: Record<string, unknown>): StreamMark {
    if (chunk.error) return "error";
    this.#identify(chunk);
    const usage = readUsage(chunk.usage);
    // Some servers tell the usage so far in every chunk: the last counts.
    if (usage) this.#usage = usage;
    if (!Array.isArray(chunk.choices)) return "content";
    for (const choice of chunk.choices) {
      const reason = member(choice, "finish_reason");
      if (typeof reason === "string") this.#finish(reason, member(choice, "index"));
    }
    return usage && chunk.choices.length === 0 ? "usage-only" : "content";
  }

  #readResponses(event: Record<string, unknown>): StreamMark {
    const { type, response } = event;
    if (Number.isSafeInteger(event.sequence_number)) {
      this.#sequenceNumber = (event.sequence_number as number) + 1;
    }
    if (type === "error" || event.error) return "error";
    if (!isJsonObject(response)) return "content";
    this.#identify(response);
    this.#usage = readUsage(response.usage) ?? this.#usage;
    if (type !== "response.completed" && type !== "response.incomplete" && type !== "response.failed") {
      return "content";
    }
    if (typeof response.status === "string") this.#finish(response.status, 0);
    this.#hasFailed ||= type === "response.failed";
    return "end";
  }

  #readAnthropic(event: Record<string, unknown>): StreamMark {
    switch (event.type) {
      case "message_start":
        this.#identify(event.message);
        this.#addUsage(member(event.message, "usage"));
        return "content";
      case "message_delta": {
        this.#addUsage(event.usage);
        const reason = member(event.delta, "stop_reason");
        if (typeof reason === "string") this.#finish(reason, 0);
        return "content";
      }
      case "message_stop":
        return "end";
      case "error":
        return "error";
      default:
        return "content";
    }
  }

  /** The counts are cumulative, and what an event does not tell again stays. */
  #addUsage(usage: unknown): void {
    if (!isJsonObject(usage)) return;
    for (const [name, value] of Object.entries(usage)) if (value !== null) this.#parts[name] = value;
    this.#usage = readUsage(this.#parts);
  }

  #identify(value: unknown): void {
    const id = member(value, "id");
    const model = member(value, "model");
    if (typeof id === "string") this.#id = id;
    if (typeof model === "string") this.#model = model;
  }

  #finish(reason: string, index: unknown): void {
    // An index from the network is no size of a list.
    const at = typeof index === "number" && index >= 0 && index < 128 ? Math.trunc(index) : 0;
    this.#finishReasons[at] = reason;
  }
}
