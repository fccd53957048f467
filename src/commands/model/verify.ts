import { defineCommand } from "../../cli/definition.js";
import { EXIT } from "../../cli/errors.js";
import { verifyModel } from "../../cli/model-service.js";
import { printable } from "../../cli/terminal.js";
import { DIR_FLAG, folderOf, NAME_ARG } from "./model-flags.js";

export const MODEL_VERIFY = defineCommand({
  id: "model verify",
  summary: "Check that a model is whole and works.",
  description:
    "Compares the SHA-256 of each file with the manifest, and loads the weights. Exit code 1 if something is wrong.",
  examples: [
    { description: "The model that is used", command: "m2m model verify" },
    { description: "In another folder", command: "m2m model verify hydra --dir ./weights --json" },
  ],
  args: NAME_ARG,
  flags: { ...DIR_FLAG },
  jsonType: `{
  version: 1;
  name: string;
  origin: "built-in" | "downloaded" | "configured";
  path: string;
  /** Every file of the manifest is as it says, and the weights load. */
  ok: boolean;
  /** unlisted: the model has no manifest, or it does not name the file. */
  files: { name: string; state: "ok" | "missing" | "changed" | "unlisted"; sizeBytes?: number; sha256?: string }[];
  /** Why the weights do not load, or the manifest cannot be read; absent if they do. */
  problem?: string;
}`,
  async run(context, { args, flags }) {
    const report = await verifyModel(context, args.name, folderOf(context, flags.dir));
    if (context.json) await context.printJson({ version: 1, ...report });
    else {
      const { name, origin, path, files, problem, ok } = report;
      const lines = files.map(
        (file) => `${file.state.padEnd(9)}${file.sha256 ?? "-".padEnd(64)}  ${file.name}`,
      );
      lines.push(problem === undefined ? "The weights load." : `It does not load: ${printable(problem)}`);
      lines.push(`${name} (${origin}) in ${printable(path)} is ${ok ? "whole" : "damaged"}.`);
      await context.print(lines.join("\n"));
    }
    return report.ok ? EXIT.OK : EXIT.FINDINGS;
  },
});
