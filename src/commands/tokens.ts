import { defineCommand } from "../cli/definition.js";
import { chooseEncoding, ENCODING_OPTIONS, LINES_FLAGS, MODELS_FLAG, OUTPUT_FLAGS } from "../cli/flags.js";
import { openSources } from "../cli/input.js";

export const TOKENS = defineCommand({
  id: "tokens",
  summary: "Count the tokens of a text, of files, or of a chat request.",
  description:
    "Counts are exact for cl100k, o200k and llama3; heuristic estimates them for closed tokenizers (Claude, Gemini) and " +
    "says so on stderr. Text that looks like a special token counts as that token.",
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
    model: {
      type: "string",
      char: "m",
      summary: "Count as this model does.",
      valueName: "NAME",
      group: "MODEL",
    },
    encoding: {
      type: "enum",
      options: ENCODING_OPTIONS,
      valueName: "NAME",
      summary:
        "Count in this encoding: cl100k, o200k, llama3 or heuristic (cl100k_base, o200k_base, llama are the same).",
      fallback: "the model's, or cl100k",
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
      summary: "The input is a chat request: count its messages and tools with their overhead, and its cost.",
    },
    ...LINES_FLAGS,
    file: {
      type: "string",
      char: "f",
      multiple: true,
      summary: "Read this file; may be repeated, or name several files; - is stdin.",
      valueName: "PATH",
      group: "INPUT AND OUTPUT",
    },
    ...OUTPUT_FLAGS,
  },
  jsonType: `{
  version: 1;
  encoding: string;
  /** false: estimated. */
  exact: boolean;
  model?: string;
  inputs: {
    /** Path, or "stdin"; absent for a literal. */
    name?: string;
    tokens: number;
    bytes: number;
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
      exact: boolean;
    };
    /** What the tokens cost as input, where the price is known. */
    costUsd?: number;
  }[];
  total: number;
}
/** With --lines each line of the output is one of inputs, with the number of its line. */
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
      output: { path: flags.output, force: flags.force },
    };
    return flags.lines ? countLines(context, job) : countSources(context, job);
  },
});
