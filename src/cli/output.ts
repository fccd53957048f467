import { closeSync, existsSync, openSync, statSync } from "node:fs";
import { InputError } from "../shared/errors.js";
import { fileError } from "../shared/files.js";
import { attemptWrite, ReplacementFile, writeAll } from "../shared/replacement-file.js";
import type { CommandContext } from "./context.js";
import { onInterrupt, whileBlocked } from "./interrupt.js";
import { writeStdout } from "./stdio.js";

export interface OutputOptions {
  /** Path given with `--output`; nothing or `-` is stdout. */
  readonly path?: string;
  /** Overwrite an existing file; write binary to a terminal. */
  readonly force?: boolean;
}

/** Where a result goes. Nothing is visible in a file before `finish`. */
export interface Output {
  readonly isTerminal: boolean;
  write(data: string | Uint8Array): Promise<void>;
  /** Everything was written: a file gets its name. */
  finish(): Promise<void>;
  /** Something failed: nothing stays behind. */
  discard(): void;
}

/**
 * Opens the output and runs `produce` on it; a file gets its name only if that succeeds.
 * @throws {InputError} `M2M_FILE_EXISTS`, `M2M_FILE_WRITE`
 */
export async function withOutput<T>(
  context: CommandContext,
  options: OutputOptions,
  produce: (output: Output) => Promise<T>,
): Promise<T> {
  const { path } = options;
  const output =
    path === undefined || path === "-" ? stdoutOutput(context) : openFile(path, options.force === true);
  try {
    const result = await produce(output);
    await output.finish();
    return result;
  } catch (error) {
    output.discard();
    throw error;
  }
}

/** Writes a result: exact in a pipe or a file; on a terminal, where the prompt would stick to it, a line of its own. */
export async function writeResult(output: Output, data: string | Uint8Array): Promise<void> {
  await output.write(data);
  const endsLine = typeof data === "string" ? data.endsWith("\n") : data.at(-1) === 0x0a;
  if (output.isTerminal && !endsLine) await output.write("\n");
}

/** @throws {InputError} `M2M_BINARY_TO_TERMINAL` unless forced */
export function assertBinaryAllowed(context: CommandContext, options: OutputOptions): void {
  const toStdout = options.path === undefined || options.path === "-";
  if (!toStdout || options.force || !context.terminal.stdoutIsTerminal) return;
  throw new InputError("M2M_BINARY_TO_TERMINAL", "The result is binary and stdout is a terminal.", {
    hint: "Use --output PATH, pipe it on, or add --force.",
  });
}

function stdoutOutput(context: CommandContext): Output {
  return {
    get isTerminal() {
      return context.terminal.stdoutIsTerminal;
    },
    write: writeStdout,
    finish: async () => {},
    discard: () => {},
  };
}

function openFile(path: string, force: boolean): Output {
  if (path === "") throw fileError("write", path, undefined);
  if (/[\\/]$/.test(path)) throw fileError("write", path, { code: existsSync(path) ? "EISDIR" : "ENOENT" });
  const existing = attemptWrite(path, () => statSync(path, { throwIfNoEntry: false }));
  if (existing?.isDirectory()) throw fileError("write", path, { code: "EISDIR" });
  // Devices and pipes are written as they are: there is nothing to overwrite and no name to give.
  if (existing && !existing.isFile()) return deviceOutput(path);
  if (existing && !force) throw fileExists(path);
  const assertFree = (target: string): void => {
    if (!force && existsSync(target)) throw fileExists(path);
  };
  return fileOutput(() => new ReplacementFile(path, { assertFree }));
}

/** A pipe may have no reader yet, or a slow one. */
function deviceOutput(path: string): Output {
  const attempt = <T>(work: () => T): T => attemptWrite(path, () => whileBlocked(work));
  const descriptor = attempt(() => openSync(path, "w"));
  return {
    isTerminal: false,
    async write(data) {
      attempt(() => writeAll(descriptor, typeof data === "string" ? Buffer.from(data) : data));
    },
    async finish() {
      attempt(() => closeSync(descriptor));
    },
    // The process is about to end, which closes it.
    discard: () => {},
  };
}

function fileOutput(open: () => ReplacementFile): Output {
  // Before the file is made: a signal in between would leave it behind.
  let opened: ReplacementFile | undefined;
  const release = onInterrupt(() => opened?.discard());
  try {
    opened = open();
  } catch (error) {
    release();
    throw error;
  }
  const file = opened;
  return {
    isTerminal: false,
    async write(data) {
      file.write(typeof data === "string" ? Buffer.from(data) : data);
    },
    async finish() {
      file.finish();
      release();
    },
    discard() {
      file.discard();
      release();
    },
  };
}

function fileExists(path: string): InputError {
  return new InputError("M2M_FILE_EXISTS", `${path} exists.`, { hint: "Add --force to overwrite it." });
}
