import { fstatSync } from "node:fs";

/** The three standard streams, by what a command asks about them. */
export interface Terminal {
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Columns of stdout, where it is a terminal that knows them. */
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
      // A terminal that nobody has given a size, as `script` and some CI have it, says 0.
      return isTerminal(1) ? process.stdout.columns || undefined : undefined;
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

/**
 * Characters that act on a terminal or change how their neighbours are shown: controls (C0, DEL, C1), line and paragraph
 * separators, bidirectional controls (UAX #9), lone surrogates. The joiners of emoji and scripts are left alone.
 */
const ACTING = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}\ufeff]/gu;

/** `text` from outside for a line that people read: acting characters as `\x1b`, `\n` or `\u{202e}`, the rest as it is. */
export function printable(text: string): string {
  return text.replace(ACTING, (character) => {
    const code = character.codePointAt(0) as number;
    const short = SHORT_ESCAPES[character];
    if (short !== undefined) return short;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

const SHORT_ESCAPES: Readonly<Record<string, string | undefined>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
