import { defineCommand } from "../cli/definition.js";
import {
  BPE_ENCODING_OPTIONS,
  chooseEncoding,
  FILE_FLAG,
  LIMIT_FLAG,
  MODELS_FLAG,
  toBpeEncoding,
} from "../cli/flags.js";
import { openSources, readSource } from "../cli/input.js";
import { loadEngineSettings } from "../cli/settings.js";

export const ANALYZE = defineCommand({
  id: "analyze",
  summary: "Show what a message is, what each algorithm makes of it, and which is chosen and why.",
  examples: [
    { description: "A literal", command: `m2m analyze '{"model":"gpt-4o","messages":[]}'` },
    {
      description: "A file, with the price of a model",
      command: "m2m analyze --model gpt-4o --file request.json",
    },
    { description: "For a script", command: "m2m analyze --json --file request.json" },
  ],
  args: { content: { summary: "The message; - or nothing reads stdin." } },
  flags: {
    model: {
      type: "string",
      char: "m",
      summary: "The model the message is for: sets the vocabulary and the price.",
      valueName: "NAME",
      fallback: "the one that the request names",
      group: "MODEL",
    },
    encoding: {
      type: "enum",
      options: BPE_ENCODING_OPTIONS,
      valueName: "NAME",
      summary: "Vocabulary of token-native and of the counts: cl100k, o200k or llama3.",
      fallback: "the model's, compression.encoding, or cl100k",
      env: "M2M_COMPRESSION_ENCODING",
      group: "MODEL",
    },
    ...MODELS_FLAG,
    ...FILE_FLAG,
    ...LIMIT_FLAG,
  },
  jsonType: `{
  version: 1;
  bytes: number;
  kind: string;
  isText: boolean;
  isJson: boolean;
  isLlmApi: boolean;
  /** The model that the body names. */
  model?: string;
  hasTools: boolean;
  isStream: boolean;
  messageCount?: number;
  /** Share of four-character windows that occurred before, 0 to 1. */
  repetitionRatio: number;
  encoding: string;
  tokens?: number;
  minified?: { bytes: number; tokens: number };
  candidates: {
    algorithm: string;
    lossless: "bytes" | "minified-json";
    bytes?: number;
    ratio?: number;
    /** Tokens of the wire if it stood in a prompt. */
    tokens?: number;
    timeMs?: number;
    refused?: { code: string; message: string };
  }[];
  chosen: Record<"published" | "smallest", { algorithm: string; reason: string; bytes: number }>;
  route: { strategy: "skip" | "optimize" | "full"; tokens: number; reason: string };
  /** What the content costs as input of the model, where the price is known. */
  cost?: { model: string; inputUsd: number };
}`,
  async run(context, { args, flags }) {
    const [source] = openSources(context, {
      literal: args.content,
      files: flags.file === undefined ? [] : [flags.file],
    });
    const { analyze, renderAnalysis } = await import("../cli/analyze-service.js");
    const settings = await loadEngineSettings(context, flags);
    const choice = await chooseEncoding(context, flags);
    const report = await analyze(context, {
      content: await readSource(source, settings.limits.maxInputBytes),
      settings,
      encoding: toBpeEncoding(choice),
      card: choice?.card,
      modelFiles: flags.models,
    });
    if (context.json) return context.printJson({ version: 1, ...report });
    await context.print(await renderAnalysis(context, report));
  },
});
