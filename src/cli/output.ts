import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  type Stats,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError, M2MError } from "../shared/errors.js";
import type { CommandContext } from "./context.js";
import { fileError } from "./errors.js";
import { onInterrupt } from "./interrupt.js";
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
  const existing = statOf(path);
  if (existing?.isDirectory())
    throw new InputError("M2M_FILE_WRITE", `Cannot write ${path}: it is a directory.`);
  // Devices and pipes are written as they are: there is nothing to overwrite and no name to give.
  if (existing && !existing.isFile()) return fileOutput(path, path, () => {});
  if (existing && !force) throw fileExists(path);
  const target = existing ? realpathSync(path) : path;
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  if (existing) attempt(path, () => accessSync(target, constants.W_OK));
  return fileOutput(path, temporary, () => {
    if (!force && existsSync(target)) throw fileExists(path);
    if (existing) chmodSync(temporary, existing.mode);
    renameSync(temporary, target);
  });
}

function fileOutput(path: string, openPath: string, name: () => void): Output {
  const descriptor = attempt(path, () => openSync(openPath, openPath === path ? "w" : "wx"));
  let open = true;
  const discard = () => {
    if (!open) return;
    open = false;
    closeSync(descriptor);
    if (openPath !== path) unlinkSync(openPath);
  };
  const release = onInterrupt(discard);
  return {
    isTerminal: false,
    async write(data) {
      const bytes = typeof data === "string" ? Buffer.from(data) : data;
      attempt(path, () => {
        for (let offset = 0; offset < bytes.length;) offset += writeSync(descriptor, bytes, offset);
      });
    },
    async finish() {
      attempt(path, name);
      open = false;
      closeSync(descriptor);
      release();
    },
    discard() {
      discard();
      release();
    },
  };
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof M2MError) throw error;
    throw fileError("write", path, error);
  }
}

function fileExists(path: string): InputError {
  return new InputError("M2M_FILE_EXISTS", `${path} exists.`, { hint: "Add --force to overwrite it." });
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
