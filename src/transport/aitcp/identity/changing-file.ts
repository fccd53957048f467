import { statSync, type BigIntStats } from "node:fs";
import { fileError, readSmallFile } from "../../../shared/files.js";

/** A file whose last change is longer ago than this is not changed again without a trace, in milliseconds. */
const SETTLED_MS = 1000;

/** What a file says now: it is read and parsed again only if it may have changed. */
export class ChangingFile<Content> {
  readonly path: string;
  readonly #maxBytes: number;
  readonly #parse: (bytes: Uint8Array | undefined) => Content;
  #read: { readonly content: Content; readonly version: string; readonly isSettled: boolean } | undefined;

  /** @param parse is given nothing for a file that is not there */
  constructor(path: string, maxBytes: number, parse: (bytes: Uint8Array | undefined) => Content) {
    this.path = path;
    this.#maxBytes = maxBytes;
    this.#parse = parse;
  }

  /** @throws {InputError} `M2M_FILE_READ`, and what `parse` throws, each time until the file has changed */
  current(): Content {
    const stat = statOf(this.path);
    // What came through a pipe does not come twice.
    if (this.#read && stat?.isFIFO()) return this.#read.content;
    const version = stat ? [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join() : "";
    if (this.#read?.isSettled && version === this.#read.version) return this.#read.content;
    // A file that was just written may be written again within the same tick of its clock.
    const isSettled = !stat || Date.now() - Number(stat.mtimeMs) > SETTLED_MS;
    const content = this.#parse(stat && readSmallFile(this.path, this.#maxBytes));
    this.#read = { content, version, isSettled };
    return content;
  }
}

/** @returns `undefined` if it is not there. @throws {InputError} `M2M_FILE_READ` */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    throw fileError("read", path, error);
  }
}
