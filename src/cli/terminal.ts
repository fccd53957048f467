import { isatty } from "node:tty";

/** The three standard streams by file descriptor. Separate so that tests can pass others. */
export interface Terminal {
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Columns of stdout, where it is a terminal. */
  readonly columns: number | undefined;
}

/** The terminal of this process. Each question is asked only when needed: a stream object costs milliseconds. */
export function processTerminal(): Terminal {
  return {
    get stdinIsTerminal() {
      return isatty(0);
    },
    get stdoutIsTerminal() {
      return isatty(1);
    },
    get stderrIsTerminal() {
      return isatty(2);
    },
    get columns() {
      return isatty(1) ? process.stdout.columns : undefined;
    },
  };
}
