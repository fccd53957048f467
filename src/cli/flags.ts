import { InputError } from "../shared/errors.js";
/** Flags that several commands share, and the reading of their values. */
import type { BpeEncodingName, EncodingName } from "../shared/encodings.js";
import { isBpeEncoding, parseEncoding } from "../shared/encodings.js";
import { isFile, readSmallFile } from "../shared/files.js";
import { DEFAULT_LIMITS, MAX_MESSAGE_BYTES } from "../shared/limits.js";
import type { ModelCard } from "../models/index.js";
import type { CommandContext } from "./context.js";
import type { FlagSpecs } from "./definition.js";

export const FILE_FLAG = {
  file: {
    type: "string",
    char: "f",
    summary: "Read the input from this file; - is stdin.",
    valueName: "PATH",
    group: "INPUT AND OUTPUT",
  },
} as const satisfies FlagSpecs;

export const OUTPUT_FLAGS = {
  output: {
    type: "string",
    char: "o",
    summary: "Write the result to this file, which appears when it is complete; - is stdout.",
    valueName: "PATH",
    group: "INPUT AND OUTPUT",
  },
  force: {
    type: "boolean",
    summary: "Overwrite an existing file; write binary to a terminal.",
    group: "INPUT AND OUTPUT",
  },
} as const satisfies FlagSpecs;

export const LINES_FLAGS = {
  lines: {
    type: "boolean",
    summary:
      "Each line is a message, each result a line, in order. A bad line is reported; the others go on (exit 3).",
    group: "LINES",
  },
  field: {
    type: "string",
    summary: "With --lines: each line is a JSON record, and the message is the value at this JSON Pointer.",
    valueName: "POINTER",
    dependsOn: ["lines"],
    group: "LINES",
  },
} as const satisfies FlagSpecs;

export const LIMIT_FLAG = {
  "max-bytes": {
    type: "integer",
    summary: "Most bytes of a message, before compression and after decompression.",
    valueName: "N",
    min: 1,
    max: MAX_MESSAGE_BYTES,
    fallback: `limits.max_content_bytes, or ${DEFAULT_LIMITS.maxInputBytes}`,
    env: "M2M_LIMITS_MAX_CONTENT_BYTES",
    group: "INPUT AND OUTPUT",
  },
} as const satisfies FlagSpecs;

export const KEY_FLAGS = {
  key: {
    type: "string",
    summary:
      "Key of secured frames: 32 bytes as 64 hexadecimal digits or base64. Others may see it in the process list.",
    valueName: "KEY",
    secret: true,
    exclusive: ["key-file"],
    group: "SECURITY",
  },
  "key-file": {
    type: "string",
    summary: "File with the key, in the same spelling or as 32 raw bytes.",
    valueName: "PATH",
    exclusive: ["key"],
    group: "SECURITY",
  },
} as const satisfies FlagSpecs;

export const MODEL_FLAG = {
  model: {
    type: "string",
    char: "m",
    summary: "The model that the message is for: sets the encoding and the price.",
    valueName: "NAME",
    group: "MODEL",
  },
} as const satisfies FlagSpecs;

export const MODELS_FLAG = {
  models: {
    type: "string",
    summary: "Further models, in a TOML file such as ~/.m2m/models.toml; may be repeated.",
    valueName: "PATH",
    multiple: true,
    group: "MODEL",
  },
} as const satisfies FlagSpecs;

export interface EncodingChoice {
  readonly encoding: EncodingName;
  readonly card?: ModelCard;
}

/** The encoding that the flags ask for, by name or by model; `undefined` if they ask for none. */
export async function chooseEncoding(
  context: CommandContext,
  flags: { encoding?: string; model?: string; models?: string[] },
): Promise<EncodingChoice | undefined> {
  // Files that a flag names are read even if no model is asked for: a slip in their names should show.
  const registry = flags.model !== undefined || flags.models ? await context.models(flags.models) : undefined;
  const card = flags.model === undefined ? undefined : registry?.get(flags.model);
  if (flags.encoding !== undefined) return { encoding: parseEncoding(flags.encoding), card };
  return card && { encoding: card.encoding, card };
}

/** The encoding for a format that carries token ids: an estimate has none, so the format's default holds. */
export function toBpeEncoding(choice: EncodingChoice | undefined): BpeEncodingName | undefined {
  return choice && isBpeEncoding(choice.encoding) ? choice.encoding : undefined;
}

/** 64 hexadecimal digits and what an editor adds are far below. */
const MAX_KEY_FILE_BYTES = 4096;

/** Whether `text` is spelled as `--key` is: a path that is not there must not be repeated then. */
function looksLikeKey(text: string): boolean {
  return /^(?:[0-9a-f]{64}|[A-Za-z0-9+/]{43}=)$/iu.test(text);
}

/** The key that the flags give. @throws {InputError} `M2M_KEY_INVALID`, `M2M_FILE_READ` */
export async function readKey(flags: { key?: string; "key-file"?: string }): Promise<Uint8Array | undefined> {
  const { key, "key-file": path } = flags;
  if (key === undefined && path === undefined) return undefined;
  const { KEY_BYTES, parseKey } = await import("../codec/index.js");
  if (path === undefined) return parseKey(key as string);
  if (looksLikeKey(path) && !isFile(path)) {
    throw new InputError(
      "M2M_KEY_INVALID",
      "--key-file takes a path; what was given looks like a key (not shown).",
      {
        hint: "Put it into a file, or use --key.",
      },
    );
  }
  const content = readSmallFile(path, MAX_KEY_FILE_BYTES);
  if (content.length === KEY_BYTES) return content;
  // Some editors begin a file with a byte order mark.
  return parseKey(
    Buffer.from(content)
      .toString("utf8")
      .replace(/^\ufeff/u, ""),
  );
}
