import { isJsonText, minifyJsonText } from "../shared/json-text.js";
import { isJsonObject } from "../shared/json-value.js";
import { encodeUtf8, tryDecodeUtf8 } from "../shared/utf8.js";

/** What a body of an LLM API is, told from its top-level keys. */
export type ContentKind =
  | "chat.request"
  | "chat.response"
  | "chat.chunk"
  | "messages.request"
  | "messages.response"
  | "responses.request"
  | "responses.response"
  | "embeddings.request"
  | "embeddings.response"
  | "error"
  | "json-rpc"
  | "event-stream"
  | "json"
  | "text"
  | "binary";

const LLM_KINDS = /^(?:chat|messages|responses|embeddings)\./u;

/** Content as bytes, with its text and JSON views made at most once and only when asked for. */
export class Content {
  readonly bytes: Uint8Array;
  #text: string | undefined;
  #textKnown = false;
  #isJson: boolean | undefined;
  #minified: string | undefined;
  #root: { value: unknown } | undefined;
  readonly #maxJsonDepth: number;

  /** @throws {FormatError} `M2M_TEXT_LONE_SURROGATE` if a string has no UTF-8 form. */
  constructor(content: string | Uint8Array, maxJsonDepth: number) {
    this.#maxJsonDepth = maxJsonDepth;
    if (typeof content === "string") {
      this.bytes = encodeUtf8(content);
      this.#text = content;
      this.#textKnown = true;
    } else this.bytes = content;
  }

  /** The text, or `undefined` if the bytes are not UTF-8. */
  get text(): string | undefined {
    if (!this.#textKnown) {
      this.#text = tryDecodeUtf8(this.bytes);
      this.#textKnown = true;
    }
    return this.#text;
  }

  /** Whether this is JSON text within the depth limit. */
  get isJson(): boolean {
    this.#isJson ??= this.text !== undefined && isJsonText(this.text, this.#maxJsonDepth);
    return this.#isJson;
  }

  /** Whether this is JSON text without insignificant whitespace, which `token` carries byte for byte. */
  get isMinifiedJson(): boolean {
    return this.isJson && this.minified?.length === this.text?.length;
  }

  /** The JSON text without insignificant whitespace, or `undefined` if this is no JSON. */
  get minified(): string | undefined {
    if (this.isJson) this.#minified ??= minifyJsonText(this.text as string);
    return this.#minified;
  }

  /** The top-level object, or `undefined` if there is none. */
  get rootObject(): Readonly<Record<string, unknown>> | undefined {
    this.#root ??= { value: this.isJson ? (JSON.parse(this.text as string) as unknown) : undefined };
    const { value } = this.#root;
    return isJsonObject(value) ? value : undefined;
  }

  get kind(): ContentKind {
    if (this.text === undefined) return "binary";
    if (!this.isJson) return /^(?:event|data|id|retry|):/u.test(this.text) ? "event-stream" : "text";
    return kindOfRoot(this.rootObject);
  }

  /** Whether this is a request or response of an LLM API. */
  get isLlmApi(): boolean {
    return LLM_KINDS.test(this.kind);
  }
}

/** For people and for analyses; the label that a frame carries has rules of its own (frame/classify.ts). */
function kindOfRoot(root: Readonly<Record<string, unknown>> | undefined): ContentKind {
  if (!root) return "json";
  const has = (key: string): boolean => Object.hasOwn(root, key);
  if (has("jsonrpc")) return "json-rpc";
  if (has("choices")) return root.object === "chat.completion.chunk" ? "chat.chunk" : "chat.response";
  if (has("messages")) {
    return has("max_tokens") && (has("system") || has("anthropic_version"))
      ? "messages.request"
      : "chat.request";
  }
  if (root.type === "message" && has("role") && has("content")) return "messages.response";
  if (root.object === "response" && has("output")) return "responses.response";
  if (has("model") && has("input")) {
    return has("encoding_format") ||
      has("dimensions") ||
      (typeof root.model === "string" && /embed/iu.test(root.model))
      ? "embeddings.request"
      : "responses.request";
  }
  if (
    root.object === "list" &&
    Array.isArray(root.data) &&
    isJsonObject(root.data[0]) &&
    "embedding" in root.data[0]
  ) {
    return "embeddings.response";
  }
  if (has("error")) return "error";
  return has("model") ? "chat.request" : "json";
}
