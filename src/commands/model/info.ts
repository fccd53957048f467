import { defineCommand } from "../../cli/definition.js";
import { describeModel } from "../../cli/model-service.js";
import { renderFacts } from "../../cli/table.js";
import { printable } from "../../cli/terminal.js";
import { countOf } from "../../cli/words.js";
import { DIR_FLAG, folderOf, formatBytes, NAME_ARG } from "./model-flags.js";

export const MODEL_INFO = defineCommand({
  id: "model info",
  summary: "Show what a model is: sizes, labels, tokenizer, tensors.",
  examples: [
    { description: "The model that is used", command: "m2m model info" },
    { description: "All tensors, for a script", command: "m2m model info hydra --json" },
  ],
  args: NAME_ARG,
  flags: { ...DIR_FLAG },
  jsonType: `{
  version: 1;
  name: string;
  summary: string;
  origin: "built-in" | "downloaded" | "configured";
  path: string;
  /** On the Hugging Face hub. */
  repository: string;
  source?: string;
  revision?: string;
  commit?: string;
  /** From its card. */
  license?: string;
  files: { name: string; sizeBytes: number }[];
  sizeBytes: number;
  config: {
    vocabSize: number;
    hiddenSize: number;
    layerCount: number;
    expertCount: number;
    topK: number;
    layerNormEpsilon: number;
    tokenizer: { type: "bytes"; framed: boolean } | { type: "wordpiece"; vocabulary: string };
    /** The scales that texts are read in. */
    windows: { tokens: number; stride: number }[];
    ngram?: { buckets: number; orders: number[]; pooling: "sqrt" | "mean" };
    labels: { security: string[]; compression: string[]; threat?: string[] };
    /** How the logits become probabilities; absent if the weights were not fitted for it. */
    fusion?: { both: Layer; hydra: Layer }; // Layer = { bias: number; coefficients: number[] }
  };
  parameterCount: number;
  tensors: { name: string; type: string; shape: number[] }[];
}`,
  async run(context, { args, flags }) {
    const model = await describeModel(context, args.name, folderOf(context, flags.dir));
    if (context.json) return context.printJson({ version: 1, ...model });
    const { bold } = await context.style();
    const { config, tensors } = model;
    const { labels, tokenizer, windows } = config;
    const types = [...new Set(tensors.map(({ type }) => type))].join(", ");
    const facts: [label: string, value: string | undefined][] = [
      ["Name", `${model.name} (${model.origin})`],
      ["Summary", model.summary],
      ["Path", model.path],
      ["Source", model.source],
      ["Revision", model.revision],
      ["Commit", model.commit],
      ["Licence", model.license],
      ["Size", `${formatBytes(model.sizeBytes)}, ${countOf(model.files.length, "file")}`],
      ["Weights", `${model.parameterCount} in ${countOf(tensors.length, "tensor")} (${types})`],
      [
        "Network",
        `${config.layerCount} layers of ${config.expertCount} experts, top ${config.topK}, hidden ${config.hiddenSize}`,
      ],
      ["Tokenizer", `${tokenizer.type}, ${config.vocabSize} pieces`],
      [
        "Windows",
        windows.map(({ tokens, stride }) => `${tokens} tokens, the next after ${stride}`).join("; "),
      ],
      ["N-grams", config.ngram && `${config.ngram.buckets} buckets of ${config.ngram.orders.join(" and ")}`],
      ["Security", labels.security.join(", ")],
      ["Threats", labels.threat?.join(", ")],
      ["Compression", labels.compression.join(", ")],
    ];
    await context.print(
      renderFacts(
        facts.map(([label, value]) => [label, value && printable(value)]),
        bold,
      ),
    );
  },
});
