import { join } from "node:path";
import { fileError, isRegularFile } from "../shared/files.js";
import type { Manifest } from "./manifest.js";
import { digestFile } from "./part-file.js";

export type FileState = "ok" | "missing" | "changed" | "unlisted";

/** One file against the manifest. `unlisted`: nobody has said what it should be. */
export interface FileCheck {
  readonly name: string;
  readonly state: FileState;
  readonly sizeBytes?: number;
  readonly sha256?: string;
}

/**
 * The files of a model against its manifest; those of `names` that it does not list are hashed only.
 * @throws {InputError} `M2M_FILE_READ`
 */
export function checkFiles(
  folder: string,
  manifest: Manifest | undefined,
  names: readonly string[] = [],
): FileCheck[] {
  const listed = manifest?.files ?? [];
  const others = names.filter((name) => !listed.some((file) => file.name === name));
  return [
    ...listed.map((file): FileCheck => {
      const { name, sha256, sizeBytes } = file;
      if (!isRegularFile(join(folder, name))) return { name, state: "missing" };
      const found = hash(folder, name);
      const same = found.sha256 === sha256 && (sizeBytes === undefined || found.sizeBytes === sizeBytes);
      return { ...found, state: same ? "ok" : "changed" };
    }),
    ...others.map((name): FileCheck => ({ ...hash(folder, name), state: "unlisted" })),
  ];
}

function hash(folder: string, name: string): { name: string; sizeBytes: number; sha256: string } {
  const path = join(folder, name);
  try {
    const { sha256, sizeBytes } = digestFile(path);
    return { name, sizeBytes, sha256 };
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}
