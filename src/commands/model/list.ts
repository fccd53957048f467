import { defineCommand } from "../../cli/definition.js";
import { renderTable } from "../../cli/table.js";
import { printable } from "../../cli/terminal.js";
import { formatBytes } from "./model-flags.js";

export const MODEL_LIST = defineCommand({
  id: "model list",
  summary: "List the models on this machine.",
  description:
    "Those that come with m2m, those that were downloaded, and that of security.model_dir. Scans use one of them: that of the " +
    "setting, else the downloaded, else the built-in. Files are compared with the manifest by size; `m2m model verify` " +
    "compares their hashes. In a pipe: name, origin, bytes, revision, state, whether it is used (yes, no) and path, " +
    "separated by tabs.",
  examples: [
    { description: "All", command: "m2m model list" },
    { description: "For a script", command: "m2m model list --json" },
  ],
  args: {},
  flags: {},
  jsonType: `{
  version: 1;
  models: {
    name: string;
    /** configured: in the folder of security.model_dir. */
    origin: "built-in" | "downloaded" | "configured";
    path: string;
    sizeBytes: number;
    /** Where it was taken from, and what was asked for there. */
    source?: string;
    revision?: string;
    commit?: string;
    /** whole: all files of its manifest are there in their size; unlisted: it has no manifest. */
    state: "whole" | "damaged" | "unlisted";
    /** Scans take this one. */
    used: boolean;
  }[];
}`,
  async run(context) {
    const { KNOWN_MODELS, listModels, sizeState } = await import("../../hub/index.js");
    const configured = (await context.config()).get("security.model_dir");
    const models = listModels(context, configured).map((model) => ({
      name: model.name,
      origin: model.origin,
      path: model.path,
      sizeBytes: model.sizeBytes,
      source: model.manifest?.source,
      revision: model.manifest?.revision,
      commit: model.manifest?.commit,
      state: sizeState(model),
      used: model.used,
    }));
    if (configured !== undefined && !models.some(({ used }) => used))
      context.note(`m2m: security.model_dir names ${printable(configured)}, where no model is.`);
    if (context.json) return context.printJson({ version: 1, models });
    if (models.length === 0)
      return context.note(`There is none. \`m2m model download ${KNOWN_MODELS[0].name}\` fetches one.`);
    const isTable = context.terminal.stdoutIsTerminal;
    const rows = models.map(({ name, origin, path, sizeBytes, revision, commit, state, used }) => {
      const at = commit === undefined ? (revision ?? "-") : isTable ? commit.slice(0, 12) : commit;
      return [
        name,
        origin,
        isTable ? formatBytes(sizeBytes) : String(sizeBytes),
        at,
        state,
        used ? "yes" : "no",
        path,
      ];
    });
    if (!isTable) return context.print(rows.map((row) => row.map(printable).join("\t")).join("\n"));
    const columns = [
      { title: "Name" },
      { title: "Origin" },
      { title: "Size", align: "right" as const },
      { title: "Revision" },
      { title: "State" },
      { title: "Used" },
      { title: "Path" },
    ];
    await context.print(await renderTable(context, columns, rows));
  },
});
