import { defineCommand } from "../../cli/definition.js";
import { joinOr } from "../../shared/nearest-name.js";
import { MODELS_FLAG } from "../../cli/flags.js";
import { quote } from "../../shared/quote.js";
import { MODEL_JSON_TYPE, renderModels } from "./model-text.js";

export const MODELS_SEARCH = defineCommand({
  id: "models search",
  summary: "Find models by words of their names or facts.",
  description:
    "Every word must occur in a name, the provider, the kind, the encoding, or be a capability (tools, vision, " +
    "reasoning). The output is that of `m2m models list`.",
  examples: [
    { description: "By name", command: "m2m models search sonnet" },
    { description: "By facts", command: "m2m models search mistral vision" },
    { description: "For a script", command: "m2m models search llama --json" },
  ],
  args: { query: { summary: "Words.", required: true, rest: true } },
  flags: { ...MODELS_FLAG },
  jsonType: `{
  version: 1;
  query: string;
  /** Best first; empty if nothing is found. */
  models: ${MODEL_JSON_TYPE}[];
}`,
  async run(context, { args, flags }) {
    const registry = await context.models(flags.models);
    const models = registry.search(args.query);
    if (context.json) return context.printJson({ version: 1, query: args.query, models });
    if (models.length > 0) return context.print(await renderModels(context, models));
    const near = registry.suggest(args.query);
    const none = `No model matches ${quote(args.query)}.`;
    context.note(near.length > 0 ? `${none} Did you mean ${joinOr(near)}?` : none);
  },
});
