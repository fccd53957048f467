import { defineCommand } from "../../cli/definition.js";
import { printable } from "../../cli/terminal.js";
import { countOf } from "../../cli/words.js";
import { DIR_FLAG, folderOf } from "./model-flags.js";

export const MODEL_REMOVE = defineCommand({
  id: "model remove",
  summary: "Remove a downloaded model.",
  description:
    "Deletes the files that its manifest names and what was made of them; other files in the folder stay. " +
    "The model that comes with m2m stays and is used again.",
  examples: [{ description: "Back to the built-in model", command: "m2m model remove hydra" }],
  args: { name: { summary: "The model.", required: true } },
  flags: { ...DIR_FLAG },
  jsonType: `{
  version: 1;
  name: string;
  path: string;
  /** Names of the files that are gone. */
  removed: string[];
}`,
  async run(context, { args, flags }) {
    const { findKnownModel, removeModel } = await import("../../hub/index.js");
    const model = findKnownModel(args.name);
    const { path, removed } = removeModel(context, model, folderOf(context, flags.dir));
    if (context.json) return context.printJson({ version: 1, name: model.name, path, removed });
    await context.print(`${model.name}: ${countOf(removed.length, "file")} removed from ${printable(path)}`);
  },
});
