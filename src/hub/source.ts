import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { InputError } from "../shared/errors.js";
import { fileError } from "../shared/files.js";
import { hubEndpoint, tryWebAddress, type Environment } from "./addresses.js";
import type { KnownModel } from "./catalogue.js";

/** Where a model is taken from. */
export type ModelSource =
  | { readonly kind: "hub"; readonly endpoint: URL; readonly repository: string; readonly revision: string }
  /** A folder on a web server. */
  | { readonly kind: "mirror"; readonly base: URL }
  | { readonly kind: "folder"; readonly path: string };

export interface SourceOptions {
  /** An address or a path; the hub if it is absent. */
  readonly from?: string;
  /** Branch, tag or commit on the hub; default `main`. */
  readonly revision?: string;
}

const DEFAULT_REVISION = "main";

/**
 * What `from` and `revision` mean. A path is relative to `cwd`.
 * @throws {InputError} `M2M_USAGE`, `M2M_CONFIG_INVALID`, `M2M_FILE_READ`
 */
export function resolveSource(
  model: KnownModel,
  { from, revision }: SourceOptions,
  { cwd, env }: { readonly cwd: string; readonly env: Environment },
): ModelSource {
  if (from === undefined) {
    const name = revision?.trim() ?? DEFAULT_REVISION;
    if (name === "") throw new InputError("M2M_USAGE", "--revision is empty.");
    return { kind: "hub", endpoint: hubEndpoint(env), repository: model.repository, revision: name };
  }
  if (revision !== undefined)
    throw new InputError("M2M_USAGE", "--revision chooses on the hub: it does not go with --from.");
  const base = tryWebAddress(from);
  if (base) return { kind: "mirror", base };
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(from))
    throw new InputError("M2M_USAGE", "--from takes an address with http:// or https://, or a path.");
  return { kind: "folder", path: existingFolder(resolve(cwd, from)) };
}

/** @throws {InputError} `M2M_FILE_READ`, `M2M_USAGE` */
function existingFolder(path: string): string {
  try {
    if (statSync(path).isDirectory()) return realpathSync(path);
  } catch (cause) {
    throw fileError("read", path, cause);
  }
  throw new InputError("M2M_USAGE", `${path} is a file.`, {
    hint: "--from takes the folder with the model's files.",
  });
}
