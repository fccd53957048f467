import { defineCommand } from "../../cli/definition.js";
import { MODELS_FLAG } from "../../cli/flags.js";
import type { ModelKind } from "../../models/index.js";
import { ENCODING_WORDS, parseEncoding } from "../../shared/encodings.js";
import { InputError } from "../../shared/errors.js";
import { joinOr, nearestNames } from "../../shared/nearest-name.js";
import { MODEL_JSON_TYPE, renderModels } from "./model-text.js";

const KINDS = ["chat", "reasoning", "embedding"] as const satisfies readonly ModelKind[];

export const MODELS_LIST = defineCommand({
  id: "models list",
  summary: "List the known models.",
  description:
    "On a terminal: a table, with as many columns as there is room for. In a pipe: all columns, separated by tabs, " +
    "without titles: model, provider, context window, input and output price in US dollars per million tokens, " +
    "encoding, kind, maximum output, capabilities, date of the facts. Unknown is -.",
  examples: [
    { description: "All", command: "m2m models list" },
    { description: "Of one maker", command: "m2m models list --provider anthropic" },
    { description: "Embedding models, for a script", command: "m2m models list --kind embedding --json" },
  ],
  args: {},
  flags: {
    provider: { type: "string", summary: "Only models of this maker.", valueName: "NAME", group: "FILTER" },
    kind: {
      type: "enum",
      options: KINDS,
      summary: `Only models of this kind: ${joinOr(KINDS)}.`,
      valueName: "KIND",
      group: "FILTER",
    },
    encoding: {
      type: "enum",
      options: ENCODING_WORDS,
      summary:
        "Only models whose tokens are counted so: cl100k, o200k, llama3 or heuristic (cl100k_base, o200k_base, llama are the same).",
      valueName: "NAME",
      group: "FILTER",
    },
    ...MODELS_FLAG,
  },
  jsonType: `{
  version: 1;
  models: ${MODEL_JSON_TYPE}[];
}`,
  async run(context, { flags }) {
    const registry = await context.models(flags.models);
    if (flags.provider !== undefined) assertProvider(flags.provider, registry.providers());
    const encoding = flags.encoding === undefined ? undefined : parseEncoding(flags.encoding);
    const models = registry.list({ provider: flags.provider, kind: flags.kind, encoding });
    if (context.json) return context.printJson({ version: 1, models });
    if (models.length === 0) return context.note("No model is all of that.");
    await context.print(await renderModels(context, models));
  },
});

function assertProvider(name: string, known: readonly string[]): void {
  if (known.includes(name.toLowerCase())) return;
  const [near] = nearestNames(name, known, 1);
  throw new InputError("M2M_USAGE", `There is no provider "${name}".`, {
    hint: near === undefined ? `Known providers: ${known.join(", ")}.` : `Did you mean ${near}?`,
  });
}
