import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { FormatError, InputError, LimitError, type UpstreamError } from "../shared/errors.js";
import { readSmallFile } from "../shared/files.js";
import { CONFIG_FILE, MAX_MODEL_FILE_BYTES } from "../shared/model-files.js";
import type { Environment } from "./addresses.js";
import { MAX_MODEL_BYTES, type KnownModel } from "./catalogue.js";
import { DEFAULT_PATIENCE, type FetchedFile, type Patience } from "./fetch-file.js";
import { HttpClient } from "./http-client.js";
import { isPlainName, MANIFEST_FILE, readFolderManifest, type Manifest } from "./manifest.js";
import { openOrigin, type Origin, type WantedFile } from "./origins.js";
import type { ModelSource } from "./source.js";
import { Staging } from "./staging.js";
import { checkFiles } from "./verify.js";

const DEFAULT_VOCABULARY_FILE = "vocab.txt";

export interface DownloadProgress {
  readonly file: string;
  readonly receivedBytes: number;
  /** Of this file; `undefined`: nobody has said it. */
  readonly totalBytes: number | undefined;
  /** Of all files so far. */
  readonly allBytes: number;
}

export interface DownloadRequest {
  readonly model: KnownModel;
  readonly source: ModelSource;
  /** Where the model is put. */
  readonly folder: string;
  /** Replace what is there. */
  readonly force: boolean;
  readonly env: Environment;
  readonly patience?: Patience;
  onProgress?(progress: DownloadProgress): Promise<void>;
  /** Before the work waits for the next try. */
  onRetry?(error: UpstreamError, waitMs: number): void;
  /** Whether the files in the folder are a model that works, before they take the place of the old; throws if not. */
  check?(folder: string): Promise<void>;
  /** Gets the function that lets the next process in, for a process that is ended meanwhile. */
  onStart?(release: () => void): void;
}

export interface DownloadedFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** What vouches for it: a manifest, or the server's headers; absent: nobody. */
  readonly verifiedBy?: "manifest" | "server";
}

export interface DownloadResult {
  /** `unchanged`: it is there already, whole. */
  readonly status: "downloaded" | "unchanged";
  readonly path: string;
  readonly source: string;
  readonly revision?: string;
  readonly commit?: string;
  readonly files: readonly DownloadedFile[];
  /** Bytes that an earlier download had left. */
  readonly resumedBytes: number;
}

/**
 * Brings a model into its folder. What is there stays until the new one is there as a whole, and verified.
 * @throws {UpstreamError} `M2M_DOWNLOAD_OFFLINE`, `M2M_DOWNLOAD_FAILED`, `M2M_DOWNLOAD_CORRUPT`
 * @throws {InputError} `M2M_FILE_EXISTS`, `M2M_FILE_WRITE`, `M2M_FILE_READ`, `M2M_CONFIG_INVALID`, `M2M_USAGE`
 * @throws {FormatError} `M2M_MANIFEST_INVALID`
 * @throws {IntegrityError} `M2M_CHECKSUM_MISMATCH` of a local folder
 * @throws {LimitError} `M2M_INPUT_TOO_LARGE`
 */
export async function downloadModel(request: DownloadRequest): Promise<DownloadResult> {
  const { model, source, folder, force, patience = DEFAULT_PATIENCE } = request;
  if (source.kind === "folder" && existsSync(folder) && realpathSync(folder) === source.path)
    throw new InputError("M2M_USAGE", `${folder} is both the source and the place of the model.`);
  const client = new HttpClient(request.env, patience.stallTimeoutMs);
  const old = inspect(folder, model);
  if (!force && old.names.length > 0 && !old.manifest) throw exists(folder, model);
  const staging = new Staging(folder);
  request.onStart?.(staging.release);
  try {
    const origin = openOrigin(source, client, { model, staging, patience });
    const plan = await origin.plan();
    if (plan.manifest) {
      assertRequired(plan.manifest, model, origin.source);
      assertTotalSize(plan.manifest, origin.source);
    }
    if (!force && old.manifest) {
      if (!isSame(origin, plan, old.manifest, folder)) throw exists(folder, model);
      staging.discard();
      return unchanged(folder, origin, old.manifest);
    }
    const inTheWay = plan.manifest?.files.find(({ name }) => existsSync(join(folder, name)));
    if (!force && inTheWay) throw exists(folder, model);
    const fetched = await fetchAll(origin, plan.manifest, staging, request);
    const { files, resumedBytes } = fetched;
    const ready = staging.complete(files.map((file) => file.name));
    try {
      await request.check?.(ready);
    } catch (error) {
      // It has arrived as it should and is not what it should be: to keep it helps nobody.
      staging.discard();
      throw error;
    }
    const { commit } = plan;
    const { source: from, revision } = origin;
    const listed = files.map(({ name: file, sizeBytes, sha256 }) => ({ name: file, sizeBytes, sha256 }));
    staging.install({ name: model.name, source: from, revision, commit, files: listed }, old.names);
    return { status: "downloaded", path: folder, source: from, revision, commit, files, resumedBytes };
  } finally {
    staging.release();
    await client.close();
  }
}

async function fetchAll(
  origin: Origin,
  manifest: Manifest | undefined,
  staging: Staging,
  { model, onProgress, onRetry }: DownloadRequest,
): Promise<{ files: DownloadedFile[]; resumedBytes: number }> {
  const files: DownloadedFile[] = [];
  let resumedBytes = 0;
  let doneBytes = 0;
  const wanted: WantedFile[] = manifest
    ? manifest.files.map((file) => ({ ...file, maxBytes: limitOf(model, file.name) }))
    : [...model.files];
  // The list grows: without a manifest, the configuration names the vocabulary.
  for (const file of wanted) {
    const fetched: FetchedFile | undefined = await origin.fetch({
      ...file,
      // A list of sums announces no sizes.
      maxBytes: Math.min(file.maxBytes, MAX_MODEL_BYTES - doneBytes),
      onRetry,
      async onProgress(receivedBytes, totalBytes) {
        await onProgress?.({
          file: file.name,
          receivedBytes,
          totalBytes,
          allBytes: doneBytes + receivedBytes,
        });
      },
    });
    if (!fetched) continue;
    const { sizeBytes, sha256, verifiedBy } = fetched;
    files.push({ name: file.name, sizeBytes, sha256, verifiedBy });
    resumedBytes += fetched.resumedBytes;
    doneBytes += sizeBytes;
    if (!manifest && file.name === CONFIG_FILE) {
      const vocabulary = vocabularyOf(staging.partPath(CONFIG_FILE), file.maxBytes);
      if (vocabulary !== undefined && !wanted.some(({ name }) => name === vocabulary))
        wanted.push({ name: vocabulary, maxBytes: MAX_MODEL_FILE_BYTES });
    }
  }
  return { files, resumedBytes };
}

function limitOf(model: KnownModel, name: string): number {
  return model.files.find((file) => file.name === name)?.maxBytes ?? MAX_MODEL_FILE_BYTES;
}

/** The file of the vocabulary that a configuration names; whether it is right otherwise, the check of the model tells. */
function vocabularyOf(path: string, maxBytes: number): string | undefined {
  try {
    const config = JSON.parse(new TextDecoder().decode(readSmallFile(path, maxBytes))) as {
      tokenizer?: { type?: unknown; vocab?: unknown };
    } | null;
    if (config?.tokenizer?.type !== "wordpiece") return undefined;
    const name = config.tokenizer.vocab ?? DEFAULT_VOCABULARY_FILE;
    return typeof name === "string" && isPlainName(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

/** What is in the folder of the names that a model may have. */
function inspect(folder: string, model: KnownModel): { manifest?: Manifest; names: string[] } {
  let manifest: Manifest | undefined;
  try {
    manifest = existsSync(join(folder, MANIFEST_FILE)) ? readFolderManifest(folder) : undefined;
  } catch (error) {
    // A damaged one says nothing; it is replaced like any other file.
    if (!(error instanceof FormatError)) throw error;
  }
  const known = [...model.files, ...(manifest?.files ?? [])].map(({ name }) => name);
  return { manifest, names: [...new Set(known)].filter((name) => existsSync(join(folder, name))) };
}

/** Whether the origin has what is in the folder already, undamaged. */
function isSame(
  origin: Origin,
  plan: { manifest?: Manifest; commit?: string },
  old: Manifest,
  folder: string,
): boolean {
  const wanted = plan.manifest?.files;
  const same = wanted
    ? wanted.length === old.files.length &&
      wanted.every(({ name, sha256 }) =>
        old.files.some((file) => file.name === name && file.sha256 === sha256),
      )
    : plan.commit !== undefined && plan.commit === old.commit && origin.source === old.source;
  return same && checkFiles(folder, old).every(({ state }) => state === "ok");
}

function unchanged(path: string, origin: Origin, old: Manifest): DownloadResult {
  const files = old.files.map(({ name, sizeBytes = 0, sha256 }) => ({ name, sizeBytes, sha256 }));
  const { source, revision } = origin;
  return { status: "unchanged", path, source, revision, commit: old.commit, files, resumedBytes: 0 };
}

function assertRequired(manifest: Manifest, model: KnownModel, source: string): void {
  const missing = model.files.find(
    ({ name, optional }) => !optional && !manifest.files.some((file) => file.name === name),
  );
  if (missing)
    throw new FormatError("M2M_MANIFEST_INVALID", `The manifest of ${source} does not name ${missing.name}.`);
}

function assertTotalSize({ files }: Manifest, source: string): void {
  const totalBytes = files.reduce((total, { sizeBytes = 0 }) => total + sizeBytes, 0);
  if (totalBytes <= MAX_MODEL_BYTES) return;
  throw new LimitError(
    "M2M_INPUT_TOO_LARGE",
    `The manifest of ${source} announces ${totalBytes} bytes, over the limit of ${MAX_MODEL_BYTES}.`,
  );
}

function exists(folder: string, model: KnownModel): InputError {
  return new InputError("M2M_FILE_EXISTS", `${folder} holds a model already, or files of its names.`, {
    hint: `Add --force to replace it; \`m2m model verify ${model.name}\` tells whether it is whole.`,
  });
}
