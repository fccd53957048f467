import { defineCommand } from "../cli/definition.js";
import { chooseEncoding, FILE_FLAG, LIMIT_FLAG, MODEL_FLAG, MODELS_FLAG } from "../cli/flags.js";
import { BPE_ENCODING_WORDS } from "../shared/encodings.js";
import { openSource } from "../cli/input.js";
import { loadEngineSettings } from "../cli/settings.js";

export const ANALYZE = defineCommand({
  id: "analyze",
  summary: "Show what a message is, what each algorithm makes of it, and which is chosen and why.",
  description:
    "Wires are those that compress makes with the same flags. Tokens and the cost are those of the model that the message " +
    "names, unless a flag says otherwise; for models that m2m has no tokenizer of (Claude, Gemini, Mistral) and unknown ones they are estimates. " +
    "The route is what a proxy would do with a prompt of so many tokens: skip it, optimize it (drop whitespace and " +
    "defaults), or compress it in full; router.skip_below_tokens and router.full_from_tokens set its borders. The security " +
    "part is that of scan; security.enabled = false leaves it out.",
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
    ...MODEL_FLAG,
    encoding: {
      type: "enum",
      options: BPE_ENCODING_WORDS,
      valueName: "NAME",
      summary:
        "Vocabulary of token-native and of the counts: cl100k, o200k or llama3 (cl100k_base, o200k_base, llama are the same).",
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
  /** Nested deeper than limits.max_json_depth; isJson is false then. */
  jsonTooDeep?: true;
  isLlmApi: boolean;
  /** The model that the body names. */
  model?: string;
  hasTools: boolean;
  isStream: boolean;
  messageCount?: number;
  /** Share of four-character windows that occurred before, 0 to 1; absent for what is short or no text. */
  repetitionRatio?: number;
  /** How tokens are counted. */
  encoding: string;
  /** false: tokens and cost are estimated. */
  exact: boolean;
  /** Of the token-native wire. */
  vocabulary: string;
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
  route: { strategy: "skip" | "optimize" | "full"; tokens?: number; reason: string };
  /** What the content costs as input of the model, where the price is known. */
  cost?: { model: string; inputUsd: number };
  /** Unless security.enabled is false. engine: rules, if there are no weights. threats: as m2m scan gives them. */
  security?: { safe: boolean; score: number; threatType: string | null; threats: Threat[]; engine: "both" | "rules" | "hydra" };
  /** What Hydra would compress with; absent without weights and for what is no text. */
  hydra?: {
    compression: { label: string; probabilities: Record<string, number> };
    algorithm?: "none" | "token-native" | "brotli" | "m2m";
  };
}`,
  async run(context, { args, flags }) {
    const source = openSource(context, args.content, flags.file);
    const { analyze, renderAnalysis, toAnalysisJson } = await import("../cli/analyze-service.js");
    const report = await analyze(context, {
      source,
      settings: await loadEngineSettings(context, flags),
      choice: await chooseEncoding(context, flags),
      modelFiles: flags.models,
    });
    if (context.json) return context.printJson(toAnalysisJson(report));
    await context.print(await renderAnalysis(context, report));
  },
});
