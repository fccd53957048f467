import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { isRegularFile, readSmallFile } from "../shared/files.js";
import { ReplacementFile, attemptWrite, writeAll } from "../shared/replacement-file.js";

/** Of what the bytes in a part are the beginning. */
export interface PartFacts {
  /** The address that was asked for. */
  readonly url: string;
  /** Strong entity tag of the server that sent them. */
  readonly etag?: string;
  readonly sha256?: string;
  readonly sizeBytes?: number;
}

const MAX_FACTS_BYTES = 64 * 1024;
const CHUNK_BYTES = 1024 ** 2;

/** A file on its way. What has arrived stays when the work ends, with a note beside it of what it is the beginning of. */
export class PartFile {
  readonly path: string;
  readonly #factsPath: string;
  #descriptor: number | undefined;
  #sizeBytes: number;

  constructor(path: string) {
    this.path = path;
    this.#factsPath = `${path}.json`;
    this.#sizeBytes = isRegularFile(path) ? statSync(path).size : 0;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** What is known of the bytes that are there; `undefined`: nothing, so they are of no use. */
  facts(): PartFacts | undefined {
    if (!isRegularFile(this.#factsPath)) return undefined;
    try {
      const value: unknown = JSON.parse(
        new TextDecoder().decode(readSmallFile(this.#factsPath, MAX_FACTS_BYTES)),
      );
      return isFacts(value) ? value : undefined;
    } catch {
      // Damaged, or nobody may read it: then the file starts anew.
      return undefined;
    }
  }

  /** Starts anew. @throws {InputError} `M2M_FILE_WRITE` */
  begin(facts: PartFacts): void {
    this.discard();
    const file = new ReplacementFile(this.#factsPath);
    try {
      file.write(new TextEncoder().encode(JSON.stringify(facts)));
      file.finish();
    } finally {
      file.discard();
    }
    this.#open();
    attemptWrite(this.path, () => ftruncateSync(this.#descriptor as number, 0));
  }

  /** Appends. @throws {InputError} `M2M_FILE_WRITE` */
  write(bytes: Uint8Array): void {
    const descriptor = this.#open();
    attemptWrite(this.path, () => writeAll(descriptor, bytes));
    this.#sizeBytes += bytes.length;
  }

  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }

  /** Takes the bytes and the note away. */
  discard(): void {
    this.close();
    rmSync(this.path, { force: true });
    rmSync(this.#factsPath, { force: true });
    this.#sizeBytes = 0;
  }

  #open(): number {
    return (this.#descriptor ??= attemptWrite(this.path, () => openSync(this.path, "a")));
  }
}

function isFacts(value: unknown): value is PartFacts {
  if (typeof value !== "object" || value === null) return false;
  const { url, etag, sha256, sizeBytes } = value as Record<string, unknown>;
  const isText = (text: unknown): boolean => text === undefined || typeof text === "string";
  return (
    typeof url === "string" &&
    isText(etag) &&
    isText(sha256) &&
    ["number", "undefined"].includes(typeof sizeBytes)
  );
}

export interface Digests {
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** The name that git gives to these bytes: SHA-1 of a header and them. The hub's tag of a file that is not large. */
  readonly gitSha1: string;
  readonly sizeBytes: number;
}

/** @throws the error of the system if the file cannot be read */
export function digestFile(path: string): Digests {
  const descriptor = openSync(path, "r");
  try {
    const sizeBytes = statSync(path).size;
    const sha256 = createHash("sha256");
    const git = createHash("sha1").update(`blob ${sizeBytes}\0`);
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let read = readSync(descriptor, buffer); read > 0; read = readSync(descriptor, buffer)) {
      const bytes = buffer.subarray(0, read);
      sha256.update(bytes);
      git.update(bytes);
    }
    return { sha256: sha256.digest("hex"), gitSha1: git.digest("hex"), sizeBytes };
  } finally {
    closeSync(descriptor);
  }
}
