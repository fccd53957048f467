import { closeSync, openSync, writeSync } from "node:fs";
import { InputError } from "../shared/errors.js";
import { fileError } from "../shared/files.js";
import type { OpenTranscript, TranscriptSink } from "../transport/index.js";
import type { CommandContext } from "./context.js";
import { printable } from "./terminal.js";

/**
 * The files that transcripts go to: the path that was given for the first session, and that with `.2`, `.3` and so on behind it where
 * the server could not go on with the one before.
 */
export class TranscriptFiles {
  readonly #context: CommandContext;
  readonly #path: string;
  #count = 0;
  #descriptor: number | undefined;

  /** @throws {InputError} `M2M_FILE_EXISTS`, or `M2M_FILE_WRITE` if it cannot be made */
  constructor(context: CommandContext, path: string) {
    this.#context = context;
    this.#path = path;
    this.#descriptor = create(path);
  }

  readonly open: OpenTranscript = () => {
    if (++this.#count > 1) {
      if (this.#descriptor !== undefined) closeSync(this.#descriptor);
      this.#descriptor = this.#attempt(() => create(`${this.#path}.${this.#count}`));
    }
    const sink: TranscriptSink = (bytes) => this.#write(bytes);
    return sink;
  };

  #write(bytes: Uint8Array): void {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return;
    this.#attempt(() => {
      let offset = 0;
      while (offset < bytes.length) offset += writeSync(descriptor, bytes, offset);
    });
  }

  /** What goes wrong is told once, and the session goes on without a transcript. */
  #attempt<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      this.#descriptor = undefined;
      this.#context.note(`m2m: The transcript ends here: ${printable((error as Error).message)}`);
      return undefined;
    }
  }
}

/** A transcript is evidence: none is overwritten. */
function create(path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fileError("write", path, error);
    throw new InputError("M2M_FILE_EXISTS", `${path} exists.`, {
      hint: "A transcript overwrites none: choose another name.",
    });
  }
}
