import { createReadStream } from "node:fs";
import { InputError, LimitError } from "../shared/errors.js";
import { fileError, isFile } from "../shared/files.js";
import { isJsonText } from "../shared/json-text.js";
import { encodeUtf8 } from "../shared/utf8.js";
import type { CommandContext } from "./context.js";
import { readStdin } from "./stdio.js";
import { printable } from "./terminal.js";

/** Where a command's input is to come from, as the user said it. */
export interface InputOptions {
  /** The positional argument: a literal, or `-` for stdin. */
  readonly literal?: string;
  /** Paths given with `--file`; `-` is stdin. */
  readonly files?: readonly string[];
}

/** One input, not read yet. */
export interface Source {
  /** How messages name it; `undefined` for a literal. */
  readonly name: string | undefined;
  /** Of a file that was named. */
  readonly path?: string;
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * The inputs that `options` mean: the files in order, or the literal, or stdin. Stdin is not touched if another was given.
 * @throws {InputError} `M2M_USAGE`, `M2M_INPUT_MISSING`, `M2M_INPUT_LOOKS_LIKE_FILE`
 */
export function openSources(context: CommandContext, options: InputOptions): Source[] {
  const { literal, files = [] } = options;
  if (files.length > 0) {
    if (literal !== undefined) {
      throw new InputError("M2M_USAGE", "An argument and --file were both given; m2m reads one of them.", {
        hint: "Every file stands behind a --file (-f) of its own.",
      });
    }
    if (files.filter((path) => path === "-").length > 1) {
      throw new InputError("M2M_USAGE", "Stdin (-) can be read only once.");
    }
    return files.map((path) => (path === "-" ? STDIN : fileSource(path)));
  }
  if (literal !== undefined && literal !== "-") {
    assertNoFileName(literal);
    if (looksLikePath(literal)) {
      context.note(`m2m: There is no file ${printable(literal)}: the word itself is taken, as a text.`);
    }
    return [literalSource(literal)];
  }
  if (literal === undefined && context.terminal.stdinIsTerminal) {
    throw new InputError("M2M_INPUT_MISSING", "There is no input.", {
      hint: "Give a literal argument or --file PATH, or pipe something in; - reads what you type, up to Ctrl-D.",
    });
  }
  return [STDIN];
}

/** The one input of a command whose `--file` is given once. @throws as `openSources` */
export function openSource(
  context: CommandContext,
  literal: string | undefined,
  file: string | undefined,
): Source {
  return openSources(context, { literal, files: file === undefined ? [] : [file] })[0];
}

/**
 * All bytes of `source`.
 * @param most what `maxBytes` is, in words
 * @throws {LimitError} `M2M_INPUT_TOO_LARGE` once there are more than `maxBytes`
 */
export async function readSource(
  source: Source,
  maxBytes: number,
  most = `the limit of ${maxBytes} bytes`,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source.chunks()) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new LimitError("M2M_INPUT_TOO_LARGE", `The input has more than ${most}.`, {
        hint: "Raise --max-bytes if you trust the source.",
      });
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size);
}

const STDIN: Source = { name: "stdin", chunks: readStdin };

function literalSource(literal: string): Source {
  return {
    name: undefined,
    async *chunks() {
      if (literal.length > 0) yield encodeUtf8(literal);
    },
  };
}

function fileSource(path: string): Source {
  return {
    name: path,
    path,
    async *chunks() {
      try {
        yield* createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>;
      } catch (error) {
        throw fileError("read", path, error);
      }
    },
  };
}

/** Text that a format claims by its prefix is a wire, whatever files there are. */
const WIRE = /^#(?:TK|T1|M2M)[|[]/;
const LONGEST_PATH = 4096;

/** What a person means as a path: no blank, and a slash or the ending of a file. */
const PATH =
  /^(?=\S{2,255}$)(?!.*:\/\/)(?:.*[/\\].*|.*\.(?:md|txt|json|jsonl|toml|ya?ml|html?|csv|xml|log|tk|t1|m2m|py|[cm]?[jt]sx?))$/iu;

/** Whether `word` is taken for a path by whoever wrote it, wires and JSON aside. */
export function looksLikePath(word: string): boolean {
  return PATH.test(word) && isNoFormat(word);
}

/**
 * What can hardly be meant as anything but a path: it ends like a file, in up to 8 letters and digits, one of them a letter, or begins
 * like a path. No blank, no address (`https://…`, `name@host`), and none of the characters that no portable name has.
 */
const SURE_PATH =
  /^(?=[^\s<>"|?*]{2,255}$)(?!.*:\/\/)(?![^/\\]*@)(?:(?:\.{1,2}[/\\]|~?\/|[a-z]:\\).*|(?:.*[^.])?\.(?=\d*[a-z])[a-z\d]{1,8})$/iu;

/** Whether `word` is nothing but a path, to be refused where a text that it is taken for would pass unseen. */
export function isSurelyPath(word: string): boolean {
  return SURE_PATH.test(word) && isNoFormat(word);
}

function isNoFormat(word: string): boolean {
  return !WIRE.test(word) && !isJsonText(word);
}

/** Compressing the name of a file instead of the file is never meant. */
function assertNoFileName(literal: string): void {
  if (literal.length === 0 || literal.length > LONGEST_PATH || WIRE.test(literal) || !isFile(literal)) return;
  if (isJsonText(literal)) return;
  throw new InputError(
    "M2M_INPUT_LOOKS_LIKE_FILE",
    `"${literal}" is the name of a file. Did you mean --file?`,
    {
      hint: `Use --file ${literal} for its content, or pipe the text in if you mean the name.`,
    },
  );
}
