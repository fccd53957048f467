import type { CommandContext } from "../cli/context.js";
import { defineCommand } from "../cli/definition.js";
import {
  chooseEncoding,
  FILE_FLAG,
  KEY_FLAGS,
  LIMIT_FLAG,
  LINES_FLAGS,
  MODEL_FLAG,
  MODELS_FLAG,
  OUTPUT_FLAGS,
  readKey,
  toBpeEncoding,
} from "../cli/flags.js";
import { BPE_ENCODING_WORDS } from "../shared/encodings.js";
import { openSource } from "../cli/input.js";
import { GUARD_FLAGS } from "../cli/scan-flags.js";
import type { ScannerFlags } from "../cli/scan-settings.js";
import { loadEngineSettings, type EngineSettings } from "../cli/settings.js";
import { ALGORITHM_NAMES, LEVEL_NAMES, POLICY_NAMES } from "../shared/algorithms.js";

/** The scanner is loaded only if it is wanted. */
async function openGuard(context: CommandContext, flags: ScannerFlags, settings: EngineSettings) {
  const { openScanner } = await import("../cli/scan-settings.js");
  return (await openScanner(context, flags, { limits: settings.limits })).scanner;
}

export const COMPRESS = defineCommand({
  id: "compress",
  summary: "Compress a message into a wire format.",
  description:
    "Takes any bytes; decompress gives them back, byte for byte (token: without insignificant JSON whitespace; with --lines every " +
    "line comes back with a newline, also if the last had none). " +
    "With auto the policy chooses the format. A wire that was cut is refused, but not of none and token-native, which carry no " +
    "check and may read as a shorter text. The vocabulary of token-native is what --encoding, --model or the settings say; " +
    "tokens and costs of --stats are those of the model that the message names, unless a flag says otherwise; a wire has a cost " +
    "only if a model could read it (none, token).",
  examples: [
    { description: "Let m2m choose", command: `m2m compress '{"model":"gpt-4o","messages":[]}'` },
    {
      description: "A file, as token ids in the vocabulary of a model",
      command: "m2m compress --algorithm token-native --model gpt-4o --file request.json --output request.tk",
    },
    { description: "What it saves, on stderr", command: "m2m compress --stats --file request.json" },
    {
      description: "Every message of a JSONL log, one wire a line",
      command: "m2m compress --lines --field /body --file log.jsonl --output log.wires",
    },
    {
      description: "A log that says much again and again; m2m decompress --lines gives it back",
      command: "m2m compress --lines --session --file log.jsonl --output log.wires",
    },
    {
      description: "Nothing that is an attack",
      command: "m2m compress --secure --file request.json --output request.wire",
    },
    {
      description: "An encrypted frame",
      command:
        "m2m compress --algorithm m2m --key-file shared.key --binary --file request.json --output request.m2m",
    },
  ],
  args: { content: { summary: "The message; - or nothing reads stdin." } },
  flags: {
    algorithm: {
      type: "enum",
      char: "a",
      options: ["auto", ...ALGORITHM_NAMES],
      valueName: "NAME",
      summary: `The wire format: auto, ${ALGORITHM_NAMES.join(", ")}.`,
      fallback: "compression.default_algorithm, or auto",
      env: "M2M_COMPRESSION_DEFAULT_ALGORITHM",
    },
    encoding: {
      type: "enum",
      options: BPE_ENCODING_WORDS,
      valueName: "NAME",
      summary:
        "Vocabulary of token-native: cl100k, o200k or llama3 (cl100k_base, o200k_base, llama are the same).",
      fallback: "the model's, compression.encoding, or cl100k",
      env: "M2M_COMPRESSION_ENCODING",
      group: "MODEL",
    },
    ...MODEL_FLAG,
    ...MODELS_FLAG,
    policy: {
      type: "enum",
      options: POLICY_NAMES,
      summary: "How auto chooses: the protocol's table by size, or the smallest wire within a time budget.",
      fallback: "compression.policy, or published",
      env: "M2M_COMPRESSION_POLICY",
    },
    quality: {
      type: "integer",
      summary: "Brotli quality, 0 (fast) to 11 (small): of brotli and m2m.",
      valueName: "N",
      min: 0,
      max: 11,
      fallback: "compression.quality, or 5",
      env: "M2M_COMPRESSION_QUALITY",
    },
    level: {
      type: "enum",
      options: LEVEL_NAMES,
      summary: "How much time dictionary takes: fast is deflate with learnt text, max tries brotli too.",
      fallback: "compression.level, or default",
      env: "M2M_COMPRESSION_LEVEL",
    },
    binary: {
      type: "boolean",
      summary:
        "Give the binary form of the wire (token-native, m2m, dictionary; of none, the content itself).",
    },
    "drop-defaults": {
      type: "boolean",
      summary:
        "First drop JSON whitespace and request parameters that equal OpenAI's defaults. Changes the text, not the request to OpenAI.",
    },
    stats: {
      type: "boolean",
      summary: "Report bytes, ratio, tokens, time (without loading) and money on stderr.",
    },
    ...LINES_FLAGS,
    session: {
      type: "boolean",
      summary:
        "With --lines: dictionary wires of which each builds on those before it, for decompress --lines in the same order.",
      dependsOn: ["lines"],
      exclusive: ["policy", "quality", "level", "security", "key", "key-file", "drop-defaults"],
      group: "LINES",
    },
    ...FILE_FLAG,
    ...OUTPUT_FLAGS,
    ...LIMIT_FLAG,
    ...KEY_FLAGS,
    security: {
      type: "enum",
      options: ["none", "hmac", "aead"],
      summary: "How a frame is secured: not, authenticated, or encrypted too.",
      fallback: "aead with a key",
      group: "SECURITY",
    },
    ...GUARD_FLAGS,
  },
  jsonType: `{
  version: 1;
  algorithm: "none" | "token" | "token-native" | "brotli" | "m2m" | "dictionary";
  /** Vocabulary of a token-native wire. */
  encoding?: string;
  /** The wire, if it is text. */
  data?: string;
  /** The wire, if it is binary. */
  dataBase64?: string;
  /** Of the message as it was given, also with --drop-defaults. */
  originalBytes: number;
  compressedBytes: number;
  /** compressedBytes / originalBytes. */
  ratio: number;
  /** Why auto chose the algorithm. */
  reason?: string;
  /** With --stats. Tokens are those of the text if it stood in a prompt. */
  stats?: { encoding: string; /** false: estimated. */ exact: boolean; tokens?: number; wireTokens?: number; /** Nothing loaded. */ timeMs: number; model?: string; costUsd?: number; /** Of none and token. */ wireCostUsd?: number };
}
/** With --secure, of what is refused: the verdict of m2m scan. */
| { error: { code: "M2M_SECURITY_THREAT"; message: string; hint?: string; verdict: { safe: false; score: number; … } } }
/** With --lines each line of the output is such an object without version, with the number of its line. */
| { line: number; … } | { line: number; error: { code: string; message: string; hint?: string } }`,
  async run(context, { args, flags }) {
    const source = openSource(context, args.content, flags.file);
    const { compress, compressLines } = await import("../cli/compress-service.js");
    const [choice, key] = await Promise.all([chooseEncoding(context, flags), readKey(flags)]);
    // A key is for frames, whatever the settings prefer.
    const preferred = key ? "auto" : (await context.config()).get("compression.default_algorithm");
    const settings = await loadEngineSettings(context, flags);
    const job = {
      source,
      choice,
      modelFiles: flags.models,
      settings,
      scanner: flags.secure ? await openGuard(context, flags, settings) : undefined,
      options: {
        algorithm: flags.algorithm ?? preferred,
        encoding: toBpeEncoding(choice),
        quality: flags.quality,
        level: flags.level,
        policy: flags.policy,
        binary: flags.binary,
        dropDefaults: flags["drop-defaults"],
        security: flags.security,
        key,
      },
      stats: flags.stats === true,
      field: flags.field,
      session: flags.session,
      output: { path: flags.output, force: flags.force },
    };
    return flags.lines ? compressLines(context, job) : compress(context, job);
  },
});
