import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { IntegrityError, LimitError, UpstreamError } from "../shared/errors.js";
import { fileError, isRegularFile, readSmallFile } from "../shared/files.js";
import { CONFIG_FILE } from "../shared/model-files.js";
import { hubFileUrl, mirrorFileUrl, publicForm } from "./addresses.js";
import type { KnownModel } from "./catalogue.js";
import { fetchFile, type FetchedFile, type FileRequest, type Patience } from "./fetch-file.js";
import type { HttpClient } from "./http-client.js";
import {
  decodeUtf8,
  MANIFEST_FILE,
  MAX_MANIFEST_BYTES,
  parseManifest,
  parseSums,
  readFolderManifest,
  SUMS_FILE,
  type Manifest,
} from "./manifest.js";
import { digestFile, PartFile } from "./part-file.js";
import type { ModelSource } from "./source.js";
import type { Staging } from "./staging.js";

/** What is wanted of one file. */
export type WantedFile = Omit<FileRequest, "url" | "partPath"> & {
  readonly name: string;
  readonly optional?: boolean;
};

/** Where the files come from, of whatever kind. */
export interface Origin {
  /** For the manifest. */
  readonly source: string;
  readonly revision?: string;
  /** What is there: by a manifest, or by the commit of the revision. */
  plan(): Promise<{ readonly manifest?: Manifest; readonly commit?: string }>;
  /** Brings a file into the staging folder. @returns `undefined` if it is optional and not there */
  fetch(file: WantedFile): Promise<FetchedFile | undefined>;
}

export interface OriginTools {
  readonly model: KnownModel;
  readonly staging: Staging;
  readonly patience: Patience;
}

/** The origin that `source` stands for; nothing is asked of it yet. */
export function openOrigin(source: ModelSource, client: HttpClient, tools: OriginTools): Origin {
  if (source.kind === "hub") return new HubOrigin(source, client, tools);
  if (source.kind === "mirror") return new MirrorOrigin(source.base, client, tools);
  return new FolderOrigin(source.path, tools.staging);
}

/** The Hugging Face hub: headers tell size, hash and commit; all files are taken from the commit of the first. */
class HubOrigin implements Origin {
  readonly source: string;
  readonly revision: string;
  readonly #hub: Extract<ModelSource, { kind: "hub" }>;
  readonly #client: HttpClient;
  readonly #tools: OriginTools;
  #config: FetchedFile | undefined;

  constructor(hub: Extract<ModelSource, { kind: "hub" }>, client: HttpClient, tools: OriginTools) {
    this.source = `${publicForm(hub.endpoint)}${hub.repository}`;
    this.revision = hub.revision;
    this.#hub = hub;
    this.#client = client;
    this.#tools = tools;
  }

  async plan(): Promise<{ commit?: string }> {
    const config = this.#tools.model.files.find(({ name }) => name === CONFIG_FILE);
    if (config) this.#config = await this.#fetch(config, this.revision);
    return { commit: this.#config?.commit };
  }

  async fetch(file: WantedFile): Promise<FetchedFile | undefined> {
    if (file.name === CONFIG_FILE && this.#config) return this.#config;
    return orAbsent(file, () => this.#fetch(file, this.#config?.commit ?? this.revision));
  }

  #fetch(file: WantedFile, revision: string): Promise<FetchedFile> {
    const { endpoint, repository } = this.#hub;
    const url = hubFileUrl(endpoint, repository, revision, file.name);
    const partPath = this.#tools.staging.partPath(file.name);
    return fetchFile(this.#client, { ...file, url, partPath }, this.#tools.patience);
  }
}

/** A folder on a web server, with or without a manifest. */
class MirrorOrigin implements Origin {
  readonly source: string;
  readonly #base: URL;
  readonly #client: HttpClient;
  readonly #tools: OriginTools;

  constructor(base: URL, client: HttpClient, tools: OriginTools) {
    this.source = publicForm(base);
    this.#base = base;
    this.#client = client;
    this.#tools = tools;
  }

  async plan(): Promise<{ manifest?: Manifest }> {
    for (const [name, parse] of [
      [MANIFEST_FILE, parseManifest],
      [SUMS_FILE, parseSums],
    ] as const) {
      const wanted = { name, maxBytes: MAX_MANIFEST_BYTES, optional: true };
      if (!(await this.fetch(wanted))) continue;
      const part = new PartFile(this.#tools.staging.partPath(name));
      const place = `${this.source}${name}`;
      const text = decodeUtf8(readSmallFile(part.path, MAX_MANIFEST_BYTES), place);
      part.discard();
      return { manifest: parse(text, place) };
    }
    return {};
  }

  fetch(file: WantedFile): Promise<FetchedFile | undefined> {
    const url = mirrorFileUrl(this.#base, file.name);
    const partPath = this.#tools.staging.partPath(file.name);
    return orAbsent(file, () => fetchFile(this.#client, { ...file, url, partPath }, this.#tools.patience));
  }
}

/** A folder of this machine. */
class FolderOrigin implements Origin {
  readonly source: string;
  readonly #staging: Staging;

  constructor(path: string, staging: Staging) {
    this.source = path;
    this.#staging = staging;
  }

  plan(): Promise<{ manifest?: Manifest }> {
    return Promise.resolve({ manifest: readFolderManifest(this.source) });
  }

  async fetch(file: WantedFile): Promise<FetchedFile | undefined> {
    const path = join(this.source, file.name);
    if (file.optional && !isRegularFile(path)) return undefined;
    const partPath = this.#staging.partPath(file.name);
    await copyInto(path, partPath, file);
    const digests = digestFile(partPath);
    if (file.sha256 !== undefined && file.sha256 !== digests.sha256)
      throw new IntegrityError(
        "M2M_CHECKSUM_MISMATCH",
        `${path} has the hash ${digests.sha256}; its manifest says ${file.sha256}.`,
        { hint: "The file is damaged, or the manifest is of another: copy both again." },
      );
    return { ...digests, verifiedBy: file.sha256 === undefined ? undefined : "manifest", resumedBytes: 0 };
  }
}

const CHUNK_BYTES = 1024 ** 2;

/** Copies as far as `maxBytes` goes. What is no regular file, and may never end, is not touched. */
async function copyInto(path: string, partPath: string, file: WantedFile): Promise<void> {
  if (!isRegularFile(path))
    throw fileError("read", path, Object.assign(new Error("no file"), { code: "ENOENT" }));
  const part = new PartFile(partPath);
  part.begin({ url: "" });
  try {
    const descriptor = attemptRead(path, () => openSync(path, "r"));
    try {
      const buffer = new Uint8Array(CHUNK_BYTES);
      for (;;) {
        const read = attemptRead(path, () => readSync(descriptor, buffer));
        if (read === 0) break;
        if (part.sizeBytes + read > file.maxBytes)
          throw new LimitError("M2M_INPUT_TOO_LARGE", `${path} has more than ${file.maxBytes} bytes.`);
        part.write(buffer.subarray(0, read));
        await file.onProgress?.(part.sizeBytes, undefined);
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    part.discard();
    throw error;
  }
  part.close();
}

function attemptRead<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}

/** Some servers refuse what is not there. */
const ABSENT: readonly (number | undefined)[] = [403, 404, 410];

async function orAbsent(
  file: WantedFile,
  fetch: () => Promise<FetchedFile>,
): Promise<FetchedFile | undefined> {
  try {
    return await fetch();
  } catch (error) {
    if (file.optional && error instanceof UpstreamError && ABSENT.includes(error.status)) return undefined;
    throw error;
  }
}
