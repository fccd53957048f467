import { defineCommand } from "../cli/definition.js";
import { KEY_FLAGS, LIMIT_FLAG, LINES_FLAGS, OUTPUT_FLAGS, readKey } from "../cli/flags.js";
import { reportError } from "../cli/run.js";
import { MODEL_DIR_FLAG, SCAN_FORMATS, SCANNER_FLAGS, THRESHOLD_FLAG } from "../cli/scan-flags.js";
import { loadEngineSettings } from "../cli/settings.js";
import { InputError } from "../shared/errors.js";
import { SEGMENT_CONTEXTS, THREAT_CATEGORIES } from "../shared/security-options.js";

export const SCAN = defineCommand({
  id: "scan",
  summary: "Look for prompt injection, jailbreaks, exfiltration and malformed payloads.",
  description:
    "An argument is a text, unless a file or folder has that name: then that is scanned. Several arguments are paths, as are " +
    "those of --file. A text that is the name of a file is piped in, as is a text that looks like one: a word that ends like a file (.md) or " +
    "begins like a path (/, ./, ../, ~/) and names nothing is refused, since a mistyped path would count as safe. Of a folder " +
    "all files are scanned but those that .gitignore or --exclude matches, tracked by Git or not; binary ones and those over " +
    "--max-bytes are skipped and named. A file in UTF-16 is read as its text. Of an " +
    "LLM request each message is judged by its role, each tool result on its own; M2M wires are decompressed first. " +
    "Exit code 0: all is safe. 1: something reaches the threshold. 3 and 4: something could not be scanned, whatever else " +
    "was found. With --lines the table is one line for each unsafe line, JSON one object for each line.",
  examples: [
    { description: "A text", command: `m2m scan "Ignore previous instructions"` },
    { description: "A request in a file, for a script", command: "m2m scan --json request.json" },
    {
      description: "Files, as a hook or xargs names them",
      command: "m2m scan prompts/system.md prompts/tools.json",
    },
    {
      description: "What a tool has fetched, before a model reads it",
      command: "m2m scan --context tool_result --file page.html",
    },
    { description: "Everything below a folder, by the rules alone", command: "m2m scan --engine rules docs" },
    {
      description: "A folder without some of its files",
      command: `m2m scan --exclude "*.min.js" --exclude fixtures/ --file .`,
    },
    {
      description: "A score for each record of a JSONL file",
      command: "m2m scan --lines --field /text --format json --file prompts.jsonl",
    },
    {
      description: "For a code scanning service",
      command: "m2m scan --format sarif --output m2m.sarif --file prompts",
    },
    { description: "Accept what is there", command: "m2m scan --write-baseline known.json --file prompts" },
    { description: "Find only what is new", command: "m2m scan --baseline known.json --file prompts" },
  ],
  args: {
    text: {
      summary: "The text, or files and folders; - or nothing reads stdin.",
      multiple: true,
    },
  },
  flags: {
    ...THRESHOLD_FLAG,
    category: {
      type: "string",
      multiple: true,
      summary: `Look for this only: ${THREAT_CATEGORIES.join(", ")}; may be repeated.`,
      valueName: "NAME",
      group: "SECURITY",
    },
    context: {
      type: "enum",
      options: SEGMENT_CONTEXTS,
      summary: `Where all of it comes from, whatever roles it claims: ${SEGMENT_CONTEXTS.join(", ")}. Only system is trusted.`,
      valueName: "NAME",
      fallback: "what a request says of each text; else text",
      group: "SECURITY",
    },
    ...SCANNER_FLAGS,
    ...MODEL_DIR_FLAG,
    format: {
      type: "enum",
      options: SCAN_FORMATS,
      summary:
        "For a person, a program (as --json), code scanning (SARIF 2.1.0), or as annotations of a workflow.",
      fallback: "table",
    },
    baseline: {
      type: "string",
      summary: "Findings in this file are known and do not count.",
      valueName: "PATH",
    },
    "write-baseline": {
      type: "string",
      summary: "Write all findings to this file, and exit with 0 if there is nothing else.",
      valueName: "PATH",
    },
    ...LINES_FLAGS,
    file: {
      type: "string",
      char: "f",
      multiple: true,
      summary: "Scan this file or folder; may be repeated; - is stdin.",
      valueName: "PATH",
      group: "INPUT AND OUTPUT",
    },
    exclude: {
      type: "string",
      multiple: true,
      summary:
        "Leave out of folders what this pattern of .gitignore matches, from the working directory on; may be repeated.",
      valueName: "GLOB",
      fallback: "security.exclude",
      env: "M2M_SECURITY_EXCLUDE",
      group: "INPUT AND OUTPUT",
    },
    ...OUTPUT_FLAGS,
    ...LIMIT_FLAG,
    ...KEY_FLAGS,
  },
  jsonType: `{
  version: 1;
  /** Absent for a text that is in no file. */
  file?: string;
  /** No category reaches the threshold. */
  safe: boolean;
  /** Calibrated probability, 0 to 1, that it is unsafe: the highest of scores. */
  score: number;
  threatType: "injection" | "jailbreak" | "exfiltration" | "malformed" | null;
  /** That the verdict is right, 0 to 1. */
  confidence: number;
  scores: { injection: number; jailbreak: number; exfiltration: number; malformed: number };
  /** Also what stays below the threshold. */
  threats: {
    id: string;
    name: string;
    category: string;
    severity: "low" | "medium" | "high" | "critical";
    /** pointer: JSON Pointer of the string; offset in it and length in UTF-16 units; layers: what had to be undone. */
    location: { pointer: string; offset: number; length: number; line: number; layers?: string[] };
    /** What was found, and with what stands around it: 120 characters at most, on one line. */
    match: string;
    excerpt: string;
    score: number;
    source: "rule" | "hydra";
  }[];
  threshold: number;
  /** Findings that --baseline knows: they are not in threats, and count for nothing. */
  known: number;
}
/** Of folders and several files: safe (not if there are errors), score, threatType, confidence and scores of all together, and */
| { …; scanned: number; unsafe: number; known: number; results: { file?: string; … }[]; skipped: { file: string; reason: string }[]; errors: { file?: string; error: { code: string; message: string; hint?: string } }[] }
/** With --lines each line of the output is such an object without version, threshold and known, with the number of its line. */
| { line: number; … } | { line: number; error: { code: string; message: string; hint?: string } }`,
  async run(context, { args, flags }) {
    const format = flags.format ?? (context.json ? "json" : "table");
    try {
      if (context.json && format !== "json")
        throw new InputError("M2M_USAGE", `--json does not go with --format ${format}: it is --format json.`);
      const { resolveTargets } = await import("../cli/scan-targets.js");
      const targets = resolveTargets(context, args.text, flags.file);
      const { scan } = await import("../cli/scan-service.js");
      const { loadExclusions, parseCategories } = await import("../cli/scan-settings.js");
      return await scan(context, {
        targets,
        format,
        settings: await loadEngineSettings(context, flags),
        scanner: flags,
        categories: parseCategories(flags.category),
        context: flags.context,
        exclude: await loadExclusions(context, flags.exclude),
        key: await readKey(flags),
        lines: flags.lines === true,
        field: flags.field,
        baseline: flags.baseline,
        writeBaseline: flags["write-baseline"],
        output: { path: flags.output, force: flags.force },
      });
    } catch (error) {
      // Errors have the format of results.
      if (format !== "json" || context.json) throw error;
      return reportError(error, ["--json", ...(context.verbose ? ["--verbose"] : [])]);
    }
  },
});
