import { defineCommand } from "../cli/definition.js";
import { chooseEncoding, LINES_FLAGS, MODEL_FLAG, MODELS_FLAG, OUTPUT_FLAGS } from "../cli/flags.js";
import { ENCODING_WORDS } from "../shared/encodings.js";
import { openSources } from "../cli/input.js";

/** Most that are counted as one text, which may have to fit into one string (2^29 - 24 units). */
const MAX_TEXT_BYTES = 480 * 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024 * 1024;

export const TOKENS = defineCommand({
  id: "tokens",
  summary: "Count the tokens of a text, of files, or of a chat request.",
  description:
    "Counts are exact for cl100k, o200k and llama3; heuristic estimates them for tokenizers that are closed (Claude, Gemini) " +
    "or not in m2m (Mistral, Qwen), and says so on stderr. Text that looks like a special token counts as that token. Without a flag the encoding is cl100k: " +
    "the setting compression.encoding is of wires. With --chat each request is counted as its own model does; one that " +
    "names no model that is known is counted as cl100k. It is marked as an estimate unless all that goes into the prompt is " +
    "published: chats of OpenAI's models without reasoning, and of Llama 3, without tools, images and the like. Of several files the count, a tab and the name " +
    "are printed, and a total; with --truncate each text stands under ==> name <==.",
  examples: [
    { description: "A literal", command: "m2m tokens --model gpt-4o 'Hello, world'" },
    { description: "Files, with a total", command: "m2m tokens --encoding o200k --file a.txt --file b.txt" },
    {
      description: "A request with its overhead, and what it costs",
      command: "m2m tokens --chat --file request.json",
    },
    { description: "The first 100 tokens", command: "m2m tokens --truncate 100 --file long.txt" },
    {
      description: "Every message of a JSONL log",
      command: "m2m tokens --lines --field /body --file log.jsonl",
    },
  ],
  args: { text: { summary: "The text; - or nothing reads stdin." } },
  flags: {
    ...MODEL_FLAG,
    encoding: {
      type: "enum",
      options: ENCODING_WORDS,
      valueName: "NAME",
      summary:
        "Count in this encoding: cl100k, o200k, llama3 or heuristic (cl100k_base, o200k_base, llama are the same).",
      fallback: "the model's (with --chat the request's), or cl100k",
      group: "MODEL",
    },
    ...MODELS_FLAG,
    ids: { type: "boolean", summary: "Print the token ids.", exclusive: ["chat"] },
    truncate: {
      type: "integer",
      summary: "Print the text cut to at most this many tokens, on a character border.",
      valueName: "N",
      min: 0,
      exclusive: ["chat"],
    },
    chat: {
      type: "boolean",
      summary:
        "The input is a chat request: count its messages and tools with their overhead, and its cost. Of Anthropic, the " +
        "Responses API and Gemini too, marked as an estimate: how they frame messages is not published.",
    },
    ...LINES_FLAGS,
    file: {
      type: "string",
      char: "f",
      multiple: true,
      summary: "Read this file; may be repeated; - is stdin.",
      valueName: "PATH",
      group: "INPUT AND OUTPUT",
    },
    ...OUTPUT_FLAGS,
    "max-bytes": {
      type: "integer",
      summary: "Most bytes of a text, or with --lines of a line.",
      valueName: "N",
      min: 1,
      max: MAX_TEXT_BYTES,
      fallback: `${MAX_TEXT_BYTES}, with --lines ${MAX_LINE_BYTES}`,
      group: "INPUT AND OUTPUT",
    },
  },
  jsonType: `{
  version: 1;
  /** Of all inputs, if they have it in common. */
  encoding?: string;
  model?: string;
  /** false: some count is estimated. */
  exact: boolean;
  inputs: {
    /** Path, or "stdin"; absent for a literal. */
    name?: string;
    tokens: number;
    /** Of what is counted: with --truncate, of the cut text. */
    bytes: number;
    encoding: string;
    /** false: estimated. */
    exact: boolean;
    /** Of --model, or with --chat of the request. */
    model?: string;
    /** With --ids. */
    ids?: number[];
    /** With --truncate. */
    text?: string;
    truncated?: boolean;
    /** With --chat. */
    chat?: {
      messages: number;
      tools: number;
      overhead: number;
      replyPriming: number;
      /** Images, audio and files, which are not in tokens. */
      uncountedParts: number;
    };
    /** What the tokens cost as input, where the price is known. */
    costUsd?: number;
  }[];
  total: number;
}
/** With --lines each line of the output is one of inputs, with the number of its line, and with several files its name. */
| { line: number; tokens: number; … } | { line: number; error: { code: string; message: string; hint?: string } }`,
  async run(context, { args, flags }) {
    const sources = openSources(context, { literal: args.text, files: flags.file });
    const { countLines, countSources } = await import("../cli/tokens-service.js");
    const job = {
      sources,
      choice: await chooseEncoding(context, flags),
      ids: flags.ids === true,
      truncate: flags.truncate,
      chat: flags.chat === true,
      field: flags.field,
      modelFiles: flags.models,
      maxBytes: flags["max-bytes"] ?? (flags.lines ? MAX_LINE_BYTES : MAX_TEXT_BYTES),
      output: { path: flags.output, force: flags.force },
    };
    return flags.lines ? countLines(context, job) : countSources(context, job);
  },
});
