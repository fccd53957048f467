import { defineCommand } from "../cli/definition.js";
import { FILE_FLAG, KEY_FLAGS, LIMIT_FLAG, LINES_FLAGS, OUTPUT_FLAGS, readKey } from "../cli/flags.js";
import { openSource } from "../cli/input.js";
import { loadEngineSettings } from "../cli/settings.js";

export const DECOMPRESS = defineCommand({
  id: "decompress",
  summary: "Give back what a wire carries.",
  description:
    "The format is told by the wire's opening, text or binary; what opens like no wire is passed through. The output is " +
    "exactly the original bytes; a final newline is added only on a terminal, but with --lines every line has one, also if the " +
    "last of what was compressed had none. Lines of compress --lines --session are read " +
    "in their order; one that is missing or damaged takes those with it up to the next that stands for itself, 1024 at most.",
  examples: [
    { description: "A literal", command: `m2m decompress '#T1|{"M":"4o","m":[{"r":"u","c":"Hello"}]}'` },
    { description: "A file", command: "m2m decompress --file request.tk --output request.json" },
    { description: "Indented for reading", command: "m2m decompress --pretty --file request.tk" },
    { description: "One wire a line", command: "m2m decompress --lines --file log.wires" },
    { description: "An encrypted frame", command: "m2m decompress --key-file shared.key --file request.m2m" },
  ],
  args: { wire: { summary: "The wire; - or nothing reads stdin." } },
  flags: {
    pretty: {
      type: "boolean",
      summary:
        "Indent JSON for reading. Strings and numbers keep their spelling; other content stays as it is.",
      exclusive: ["lines"],
    },
    ...LINES_FLAGS,
    ...FILE_FLAG,
    ...OUTPUT_FLAGS,
    ...LIMIT_FLAG,
    ...KEY_FLAGS,
    "allow-unsecured": {
      type: "boolean",
      summary: "With a key: accept frames without authentication too.",
      group: "SECURITY",
    },
  },
  jsonType: `{
  version: 1;
  algorithm: "none" | "token" | "token-native" | "brotli" | "m2m" | "dictionary";
  form: "text" | "binary";
  /** Vocabulary of a token-native wire. */
  encoding?: string;
  /** The content, if it is UTF-8 text. */
  content?: string;
  /** The content otherwise. */
  contentBase64?: string;
  /** Of the content as it stands here: with --pretty, indented. */
  bytes: number;
}
/** With --lines each line of the output is such an object without version, with the number of its line. */
| { line: number; … } | { line: number; error: { code: string; message: string; hint?: string } }`,
  async run(context, { args, flags }) {
    const source = openSource(context, args.wire, flags.file);
    const { decompress, decompressLines } = await import("../cli/decompress-service.js");
    const job = {
      source,
      settings: await loadEngineSettings(context, flags),
      key: await readKey(flags),
      allowUnsecured: flags["allow-unsecured"],
      output: { path: flags.output, force: flags.force },
      pretty: flags.pretty === true,
      field: flags.field,
    };
    return flags.lines ? decompressLines(context, job) : decompress(context, job);
  },
});
