import { fstatSync } from "node:fs";

/** The three standard streams, by what a command asks about them. */
export interface Terminal {
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Columns of stdout, where it is a terminal. */
  readonly columns: number | undefined;
}

/** The terminal of this process. Nothing is asked before it is needed: `node:tty` and stream objects cost milliseconds. */
export function processTerminal(): Terminal {
  return {
    get stdinIsTerminal() {
      return isTerminal(0);
    },
    get stdoutIsTerminal() {
      return isTerminal(1);
    },
    get stderrIsTerminal() {
      return isTerminal(2);
    },
    get columns() {
      return isTerminal(1) ? process.stdout.columns : undefined;
    },
  };
}

function isTerminal(descriptor: number): boolean {
  try {
    // Only a character device can be a terminal, and telling that needs no `node:tty`. Windows has no such files.
    if (process.platform !== "win32" && !fstatSync(descriptor).isCharacterDevice()) return false;
  } catch {
    return false;
  }
  return process.getBuiltinModule("node:tty").isatty(descriptor);
}

/** Whether somebody is there to answer a question. */
export function isTerminalInput(): boolean {
  return isTerminal(0);
}
