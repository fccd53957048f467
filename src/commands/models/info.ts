import { defineCommand } from "../../cli/definition.js";
import { MODELS_FLAG } from "../../cli/flags.js";
import { printable } from "../../cli/terminal.js";
import { MODEL_JSON_TYPE, renderModel } from "./model-text.js";

export const MODELS_INFO = defineCommand({
  id: "models info",
  summary: "Show what is known of one model.",
  description:
    "The name may be an id, an alias, one with a prefix (openai/gpt-4o), or a dated snapshot; of a snapshot that is not " +
    "known by its date, the model that it belongs to is shown, without its price if the snapshot may be older than those that are known.",
  examples: [
    { description: "By name", command: "m2m models info gpt-4o" },
    { description: "A snapshot, with its maker", command: "m2m models info openai/gpt-4o-2024-08-06" },
    { description: "For a script", command: "m2m models info claude-sonnet-4-5 --json" },
  ],
  args: { name: { summary: "The model.", required: true } },
  flags: { ...MODELS_FLAG },
  jsonType: `{
  version: 1;
  /** The name that was asked for. */
  name: string;
  model: ${MODEL_JSON_TYPE};
}`,
  async run(context, { args, flags }) {
    const registry = await context.models(flags.models);
    const model = registry.get(args.name);
    if (context.json) return context.printJson({ version: 1, name: args.name, model });
    const asked = args.name.trim().toLowerCase();
    const isKnown = [model.id, ...model.aliases].some((name) => asked === name || asked.endsWith(`/${name}`));
    if (model.olderThan !== undefined)
      context.note(
        `${printable(model.id)} may be older than what is known of ${model.olderThan}, whose facts these are.`,
      );
    else if (!isKnown) context.note(`${printable(args.name)} is read as ${model.id}.`);
    await context.print(await renderModel(context, model));
  },
});
