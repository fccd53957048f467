import { defineCommand } from "../../cli/definition.js";
import { downloadWithProgress } from "../../cli/model-service.js";
import { printable } from "../../cli/terminal.js";
import { countOf } from "../../cli/words.js";
import { DIR_FLAG, folderOf, formatBytes, NAME_ARG } from "./model-flags.js";

export const MODEL_DOWNLOAD = defineCommand({
  id: "model download",
  summary: "Fetch the weights of a model.",
  description:
    "From the Hugging Face hub, a mirror or a local folder. What is cut off is resumed by the next call; size and SHA-256 " +
    "are verified by the manifest beside the files (m2m-model.json, SHA256SUMS) or by the hub's headers; the model that " +
    "is there stays until the new one is whole. Of the environment: HF_ENDPOINT (another hub), HF_TOKEN (for models that " +
    "are not public; sent to the hub alone), HTTPS_PROXY, HTTP_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS.",
  examples: [
    { description: "The published weights", command: "m2m model download" },
    { description: "From a mirror", command: "m2m model download --from https://mirror.example/hydra" },
    { description: "Without a network", command: "m2m model download --from ./hydra --force" },
  ],
  args: NAME_ARG,
  flags: {
    from: {
      type: "string",
      summary: "Take the files from this address or local folder.",
      valueName: "URL|PATH",
      fallback: "the Hugging Face hub",
      exclusive: ["revision"],
    },
    revision: {
      type: "string",
      summary: "Branch, tag or commit on the hub.",
      valueName: "NAME",
      fallback: "main",
      exclusive: ["from"],
    },
    ...DIR_FLAG,
    force: { type: "boolean", summary: "Replace what is there." },
  },
  jsonType: `{
  version: 1;
  name: string;
  /** unchanged: it is there already, whole. */
  status: "downloaded" | "unchanged";
  path: string;
  /** The address or folder it was taken from. */
  source: string;
  /** What was asked for on the hub, and the commit that this was. */
  revision?: string;
  commit?: string;
  /** verifiedBy: what vouches for the hash; absent if nobody does. */
  files: { name: string; sizeBytes: number; sha256: string; verifiedBy?: "manifest" | "server" }[];
  /** Bytes that an earlier download had left. */
  resumedBytes: number;
}`,
  async run(context, { args, flags }) {
    const { name, result } = await downloadWithProgress(context, args.name, {
      from: flags.from,
      revision: flags.revision,
      folder: folderOf(context, flags.dir),
      force: flags.force === true,
    });
    if (result.status === "downloaded") {
      const unverified = result.files
        .filter((file) => file.verifiedBy === undefined)
        .map((file) => file.name);
      if (unverified.length > 0)
        context.note(
          `Not verified, because the source gives no SHA-256: ${unverified.join(", ")}. Compare with \`m2m model verify\`.`,
        );
    }
    if (context.json) return context.printJson({ version: 1, name, ...result });
    const size = formatBytes(result.files.reduce((sum, file) => sum + file.sizeBytes, 0));
    const what = `${name}${result.commit === undefined ? "" : ` at ${result.commit.slice(0, 12)}`}`;
    await context.print(
      result.status === "unchanged"
        ? `${what} is there already, whole: ${printable(result.path)}`
        : `${what}: ${countOf(result.files.length, "file")}, ${size}, in ${printable(result.path)}`,
    );
  },
});
