import { InputError, M2MError } from "../../../shared/errors.js";
import { fileError } from "../../../shared/files.js";
import { ChangingFile } from "./changing-file.js";
import { parseIdentity } from "./public-identity.js";

const MAX_FILE_BYTES = 4 * 1024 * 1024;

/**
 * The identities in a file, one a line; `#` begins a comment. A PEM file has one. What a person writes into it holds at once. If it is
 * broken or gone then, what it said last holds on: a slip in it should neither let in nobody nor end all sessions.
 */
export class IdentityList implements Iterable<Uint8Array> {
  readonly path: string;
  readonly #file: ChangingFile<readonly Uint8Array[]>;
  readonly #onBroken: ((error: M2MError) => void) | undefined;
  #last: readonly Uint8Array[];
  /** Why the file was not taken, as it was told. */
  #told: string | undefined;

  /**
   * @param onBroken is told, once for each reason, that the file cannot be taken any more
   * @throws {InputError} `M2M_FILE_READ`; `M2M_KEY_INVALID` with the line of one that is no identity
   */
  constructor(path: string, onBroken?: (error: M2MError) => void) {
    this.path = path;
    this.#onBroken = onBroken;
    this.#file = new ChangingFile(path, MAX_FILE_BYTES, (bytes) => parseIdentities(path, bytes));
    this.#last = this.#file.current();
  }

  [Symbol.iterator](): Iterator<Uint8Array> {
    try {
      this.#last = this.#file.current();
      this.#told = undefined;
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      if (error.message !== this.#told) this.#onBroken?.(error);
      this.#told = error.message;
    }
    return this.#last[Symbol.iterator]();
  }
}

function parseIdentities(path: string, bytes: Uint8Array | undefined): Uint8Array[] {
  if (!bytes) throw fileError("read", path, { code: "ENOENT" });
  const text = Buffer.from(bytes).toString();
  if (text.trimStart().startsWith("-----BEGIN ")) return [parseIdentity(text)];
  const found: Uint8Array[] = [];
  text.split("\n").forEach((content, index) => {
    const words = content.replace(/#.*$/, "").trim();
    if (words === "") return;
    try {
      found.push(parseIdentity(words));
    } catch (cause) {
      throw new InputError("M2M_KEY_INVALID", `Line ${index + 1} of ${path} is no identity.`, {
        hint: "A line is an identity as m2m keygen prints it.",
        line: index + 1,
        cause,
      });
    }
  });
  return found;
}
