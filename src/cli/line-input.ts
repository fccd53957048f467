import { createInterface, type Interface } from "node:readline";
import { clearLine, cursorTo } from "node:readline";
import { fileError } from "../shared/files.js";
import type { CommandContext } from "./context.js";
import { splitLines } from "./lines.js";

/** Lines that come from stdin as long as something else goes on. */
export interface LineInput {
  /** The lines, until stdin ends or `close` is called; one that is too long is `undefined`. */
  lines(): AsyncIterable<Uint8Array | undefined>;
  /** Lets `write` put lines on the terminal, where somebody may be typing. */
  aside(write: () => Promise<void>): Promise<void>;
  close(): void;
}

/** What a person types at a prompt, or what a pipe or file brings. @param maxLineBytes of one line */
export function openLineInput(context: CommandContext, maxLineBytes: number): LineInput {
  const { json, quiet, terminal, env } = context;
  const hasPrompt =
    terminal.stdinIsTerminal && terminal.stderrIsTerminal && env.TERM !== "dumb" && !json && !quiet;
  return hasPrompt ? new PromptedLines(maxLineBytes) : new PipedLines(maxLineBytes);
}

class PipedLines implements LineInput {
  readonly #maxLineBytes: number;
  #isClosed = false;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  async *lines(): AsyncGenerator<Uint8Array | undefined> {
    const chunks = process.stdin as AsyncIterable<Uint8Array>;
    try {
      for await (const lines of splitLines(chunks, this.#maxLineBytes)) yield* lines;
    } catch (error) {
      if (!this.#isClosed) throw fileError("read", "stdin", error);
    }
  }

  aside(write: () => Promise<void>): Promise<void> {
    return write();
  }

  close(): void {
    this.#isClosed = true;
    process.stdin.destroy();
  }
}

/** On stderr, so that stdout has what is received and nothing else. */
class PromptedLines implements LineInput {
  readonly #maxLineBytes: number;
  readonly #reader: Interface;
  #isClosed = false;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
    this.#reader = createInterface({
      input: process.stdin,
      output: process.stderr,
      prompt: "> ",
      terminal: true,
    });
    // In raw mode the terminal does not send it.
    this.#reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    this.#reader.once("close", () => (this.#isClosed = true));
  }

  async *lines(): AsyncGenerator<Uint8Array | undefined> {
    this.#reader.prompt();
    for await (const text of this.#reader) {
      // Nothing typed is nothing meant.
      if (text !== "") {
        const line = Buffer.from(text);
        yield line.length > this.#maxLineBytes ? undefined : line;
      }
      if (!this.#isClosed) this.#reader.prompt();
    }
  }

  async aside(write: () => Promise<void>): Promise<void> {
    if (this.#isClosed) return write();
    clearLine(process.stderr, 0);
    cursorTo(process.stderr, 0);
    await write();
    // What is typed already stands there again.
    this.#reader.prompt(true);
  }

  close(): void {
    this.#reader.close();
    process.stdin.destroy();
  }
}
