import { member } from "../../shared/json-value.js";
import type { ProviderApi } from "./api.js";
import { findMembers, parseSlice, readMembers, skipWhitespace } from "./json-members.js";

/** What forwarding needs to know of a request. */
export interface RequestHead {
  /** `undefined` if there is none, it is no text, or none that names a model: it is kept and matched with patterns. */
  readonly model: string | undefined;
  readonly stream: boolean;
  /** Whether it asks for the chunk with the usage of a stream (`stream_options.include_usage`). */
  readonly includesUsage: boolean;
}

const HEAD_MEMBERS = ["model", "stream", "stream_options"] as const;
/** The longest that providers have are resource names of about 200. */
const MAX_MODEL_UNITS = 512;
const INCLUDE_USAGE = '{"include_usage":true}';

/** Reads the head of a request; of a body that is no JSON object, an empty one. */
export function readRequestHead(body: Buffer): RequestHead {
  const { model, stream, stream_options: options } = readMembers(body, HEAD_MEMBERS);
  return {
    model: typeof model === "string" && model.length <= MAX_MODEL_UNITS ? model : undefined,
    stream: stream === true,
    includesUsage: member(options, "include_usage") === true,
  };
}

/**
 * The body with a request for the chunk that holds the usage, all else byte for byte. The client must not see that
 * chunk: `UsageMeter.observe` tells which it is.
 * @returns `undefined` if there is nothing to add: other APIs report usage unasked, or the client has asked itself
 */
export function injectIncludeUsage(api: ProviderApi, body: Buffer): Buffer | undefined {
  if (api !== "openai-chat" && api !== "openai-completions") return undefined;
  const found = findMembers(body, ["stream", "stream_options"]);
  if (!found?.stream || parseSlice(body, found.stream) !== true) return undefined;
  const options = found.stream_options;
  if (!options) return splice(body, found.stream.end, found.stream.end, `,"stream_options":${INCLUDE_USAGE}`);
  if (body[options.start] !== 0x7b) return splice(body, options.start, options.end, INCLUDE_USAGE);
  const asked = findMembers(body, ["include_usage"], options.start)?.include_usage;
  if (asked) {
    if (parseSlice(body, asked) === true) return undefined;
    return splice(body, asked.start, asked.end, "true");
  }
  const inside = options.start + 1;
  const isEmpty = body[skipWhitespace(body, inside)] === 0x7d;
  return splice(body, inside, inside, `"include_usage":true${isEmpty ? "" : ","}`);
}

function splice(body: Buffer, start: number, end: number, text: string): Buffer {
  return Buffer.concat([body.subarray(0, start), Buffer.from(text), body.subarray(end)]);
}
