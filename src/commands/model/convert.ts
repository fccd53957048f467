import { defineCommand } from "../../cli/definition.js";
import { convertModel } from "../../cli/model-service.js";
import { printable } from "../../cli/terminal.js";
import { InputError } from "../../shared/errors.js";
import { DIR_FLAG, folderOf, formatBytes, NAME_ARG } from "./model-flags.js";

export const MODEL_CONVERT = defineCommand({
  id: "model convert",
  summary: "Make the ONNX file of a model from its weights.",
  description:
    "Beside the weights, as model.onnx, where the engine onnx looks for it; one that is there is replaced. Of the weights of " +
    "the package it goes to the working directory, where none is replaced without --force. Without the file the engine makes " +
    "it in memory each time.",
  examples: [
    { description: "Beside the weights", command: "m2m model convert hydra" },
    { description: "For another program", command: "m2m model convert hydra --output hydra.onnx" },
  ],
  args: NAME_ARG,
  flags: {
    output: {
      type: "string",
      char: "o",
      summary: "Write to this file instead; - is stdout.",
      valueName: "PATH",
      fallback: "model.onnx beside the weights, of those of the package in the working directory",
    },
    force: {
      type: "boolean",
      summary: "Replace a file that is not beside the weights; write binary to a terminal.",
    },
    ...DIR_FLAG,
  },
  jsonType: `{
  version: 1;
  name: string;
  /** Folder of the weights. */
  path: string;
  output: string;
  sizeBytes: number;
}`,
  async run(context, { args, flags }) {
    const { output: path, force } = flags;
    if (path === "-" && context.json)
      throw new InputError("M2M_USAGE", "--json does not go with --output -: both go to stdout.");
    const result = await convertModel(context, args.name, folderOf(context, flags.dir), { path, force });
    if (path === "-") return;
    if (context.json) return context.printJson({ version: 1, ...result });
    await context.print(`${printable(result.output)}: ${formatBytes(result.sizeBytes)}`);
  },
});
