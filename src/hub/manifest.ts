import { join } from "node:path";
import { FormatError } from "../shared/errors.js";
import { isJsonObject } from "../shared/json-value.js";
import { isRegularFile, readSmallFile } from "../shared/files.js";
import { ReplacementFile } from "../shared/replacement-file.js";

export const MANIFEST_FILE = "m2m-model.json";
/** What `sha256sum *` prints. */
export const SUMS_FILE = "SHA256SUMS";
export const MAX_MANIFEST_BYTES = 1024 ** 2;
const MAX_FILES = 100;
const VERSION = 1;

export interface ManifestFile {
  readonly name: string;
  readonly sha256: string;
  /** Absent in a list of sums. */
  readonly sizeBytes?: number;
}

/** What a model consists of, written beside its files. A folder that has one can be served as a mirror. */
export interface Manifest {
  readonly name?: string;
  /** Where it was taken from: an address or a folder. */
  readonly source?: string;
  /** What was asked for, such as `main`. */
  readonly revision?: string;
  /** Where that was at the time. */
  readonly commit?: string;
  readonly files: readonly ManifestFile[];
}

/**
 * @param place where `text` is from, for messages
 * @throws {FormatError} `M2M_MANIFEST_INVALID`
 */
export function parseManifest(text: string, place: string): Manifest {
  const value = parseJson(text, place);
  if (!isJsonObject(value)) throw invalid(place, "it is no object");
  if (value.version !== VERSION) throw invalid(place, `its "version" is not ${VERSION}`);
  if (!Array.isArray(value.files)) throw invalid(place, '"files" is no list');
  const files = value.files.map((file: unknown, index): ManifestFile => {
    const at = `files[${index}]`;
    if (!isJsonObject(file)) throw invalid(place, `${at} is no object`);
    const { name, sha256, sizeBytes } = file;
    if (typeof name !== "string") throw invalid(place, `${at}.name is no text`);
    if (typeof sha256 !== "string") throw invalid(place, `${at}.sha256 is no text`);
    if (typeof sizeBytes !== "number" || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0)
      throw invalid(place, `${at}.sizeBytes is no number of bytes`);
    return { name, sha256, sizeBytes };
  });
  const manifest: Manifest = {
    name: optionalText(value, "name", place),
    source: optionalText(value, "source", place),
    revision: optionalText(value, "revision", place),
    commit: optionalText(value, "commit", place),
    files,
  };
  assertFiles(files, place);
  return manifest;
}

/**
 * A list as `sha256sum` prints it: 64 digits, a blank, a blank or `*`, a name.
 * @throws {FormatError} `M2M_MANIFEST_INVALID`
 */
export function parseSums(text: string, place: string): Manifest {
  const files: ManifestFile[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const match = /^([0-9a-fA-F]{64}) [ *](?:\.\/)?(.+)$/.exec(line);
    if (!match) throw invalid(place, "a line is not a sum and a name");
    files.push({ name: match[2], sha256: match[1].toLowerCase() });
  }
  const ours = files.filter(({ name }) => name !== MANIFEST_FILE);
  assertFiles(ours, place);
  return { files: ours };
}

/**
 * The manifest of a folder: `m2m-model.json`, else `SHA256SUMS`; `undefined` if it has neither.
 * @throws {FormatError} `M2M_MANIFEST_INVALID`
 * @throws {InputError} `M2M_FILE_READ`
 */
export function readFolderManifest(folder: string): Manifest | undefined {
  for (const [name, parse] of [
    [MANIFEST_FILE, parseManifest],
    [SUMS_FILE, parseSums],
  ] as const) {
    const path = join(folder, name);
    if (isRegularFile(path)) return parse(decodeUtf8(readSmallFile(path, MAX_MANIFEST_BYTES), path), path);
  }
  return undefined;
}

/** @throws {InputError} `M2M_FILE_WRITE` */
export function writeManifest(folder: string, manifest: Manifest): void {
  const file = new ReplacementFile(join(folder, MANIFEST_FILE));
  try {
    file.write(new TextEncoder().encode(`${JSON.stringify({ version: VERSION, ...manifest }, null, 2)}\n`));
    file.finish();
  } finally {
    file.discard();
  }
}

/** @throws {FormatError} `M2M_MANIFEST_INVALID` */
export function decodeUtf8(bytes: Uint8Array, place: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid(place, "it is no text in UTF-8", cause);
  }
}

/** A manifest comes from a stranger: its names become paths on this machine. */
function assertFiles(files: readonly ManifestFile[], place: string): void {
  if (files.length === 0) throw invalid(place, "it names no file");
  if (files.length > MAX_FILES) throw invalid(place, `it names more than ${MAX_FILES} files`);
  const seen = new Set<string>();
  for (const { name, sha256 } of files) {
    if (!isPlainName(name)) throw invalid(place, `"${name.slice(0, 80)}" is no plain file name`);
    if (!/^[0-9a-f]{64}$/.test(sha256))
      throw invalid(place, `the sha256 of ${name} is not 64 hexadecimal digits`);
    // File systems that know no case would make one file of two.
    const key = name.toLowerCase();
    if (seen.has(key)) throw invalid(place, `it names ${name} twice`);
    seen.add(key);
  }
  if (seen.has(MANIFEST_FILE)) throw invalid(place, "it names itself");
}

/** Letters, digits, `.`, `_`, `-`, not first a dot: a file of this folder, on every system. */
export function isPlainName(name: string): boolean {
  return (
    /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name) &&
    !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name) &&
    !name.endsWith(".")
  );
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(place, "it is no JSON", cause);
  }
}

function optionalText(value: Record<string, unknown>, key: string, place: string): string | undefined {
  const text = value[key];
  if (text === undefined) return undefined;
  if (typeof text !== "string" || text.length > 2000) throw invalid(place, `"${key}" is no text`);
  return text;
}

function invalid(place: string, what: string, cause?: unknown): FormatError {
  return new FormatError("M2M_MANIFEST_INVALID", `${place} does not describe a model: ${what}.`, { cause });
}
