import { existsSync, lstatSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { userFolder, type ConfigEnvironment } from "../config/index.js";
import { FormatError, InputError } from "../shared/errors.js";
import { fileError, isRegularFile } from "../shared/files.js";
import {
  CONFIG_FILE,
  MAX_MODEL_FILE_BYTES,
  ONNX_FILE,
  packagedModelFolder,
  WEIGHTS_FILE,
} from "../shared/model-files.js";
import { attemptWrite } from "../shared/replacement-file.js";
import { DEFAULT_MODEL_NAME, KNOWN_MODELS, type KnownModel } from "./catalogue.js";
import { MANIFEST_FILE, readFolderManifest, SUMS_FILE, type Manifest } from "./manifest.js";
import { STAGING_FOLDER } from "./staging.js";

/** `configured`: in the folder that `security.model_dir` names. */
export type ModelOrigin = "built-in" | "downloaded" | "configured";

/** A model on this machine. */
export interface InstalledModel {
  readonly name: string;
  readonly origin: ModelOrigin;
  readonly path: string;
  /** Absent if nobody wrote one. */
  readonly manifest?: Manifest;
  /** Why the manifest that is there cannot be read. */
  readonly problem?: string;
  /** The files that are there, of those that are known. */
  readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
  readonly sizeBytes: number;
}

/** Where a downloaded model lives without `--dir`. @throws {InputError} `M2M_CONFIG_INVALID` if there is no home folder */
export function modelFolder(environment: ConfigEnvironment, model: KnownModel): string {
  const folder = userFolder(environment);
  if (folder !== undefined) return join(folder, "models", model.name);
  throw new InputError("M2M_CONFIG_INVALID", "There is no home folder for models.", {
    hint: "Set M2M_HOME, or give --dir.",
  });
}

/** A model in the list of those on this machine. */
export interface ListedModel extends InstalledModel {
  /** What scans take. */
  readonly used: boolean;
}

/**
 * All models of this machine, each name's in the order in which they are used, the last first.
 * @param configured the folder that the settings name for the default model
 * @throws {FormatError} `M2M_MANIFEST_INVALID`
 */
export function listModels(environment: ConfigEnvironment, configured?: string): ListedModel[] {
  return KNOWN_MODELS.flatMap((model) => {
    const folder = model.name === DEFAULT_MODEL_NAME ? configured : undefined;
    const stored = userFolder(environment) === undefined ? undefined : modelFolder(environment, model);
    const packaged = packagedModelFolder(model.name);
    const places: [ModelOrigin, string | undefined][] = [
      ["built-in", packaged],
      ["downloaded", stored],
      ["configured", folder === stored || folder === packaged ? undefined : folder],
    ];
    const found = places.flatMap(([origin, path]) => {
      const one = path === undefined ? undefined : tryReadModel(model, origin, path);
      return one ? [one] : [];
    });
    // Where the settings name a folder nothing stands in for it.
    return found.map((one, index) => ({
      ...one,
      used: folder === undefined ? index === found.length - 1 : one.path === folder,
    }));
  });
}

/** Where to look for a model. */
export interface ModelPlace {
  /** Of whoever asks for it now. */
  readonly folder?: string;
  /** Of the settings. */
  readonly configured?: string;
}

/**
 * The copy of `model` that is used: that in `folder`, else in `configured`, else the downloaded, else the built-in.
 * @throws {InputError} `M2M_WEIGHTS_MISSING`
 * @throws {FormatError} `M2M_MANIFEST_INVALID`
 */
export function findModel(
  environment: ConfigEnvironment,
  model: KnownModel,
  { folder, configured }: ModelPlace = {},
): InstalledModel {
  const place = folder ?? configured;
  const found =
    folder !== undefined
      ? tryReadModel(model, "downloaded", folder)
      : listModels(environment, configured).find(({ name, used }) => used && name === model.name);
  if (found) return found;
  const where = place === undefined ? "on this machine" : `in ${place}`;
  const why = folder === undefined && configured !== undefined ? ", which security.model_dir names" : "";
  throw new InputError("M2M_WEIGHTS_MISSING", `The model ${model.name} is not ${where}${why}.`, {
    hint: `\`m2m model download ${model.name}${place === undefined ? "" : " --dir PATH"}\` fetches it.`,
  });
}

function tryReadModel(model: KnownModel, origin: ModelOrigin, path: string): InstalledModel | undefined {
  const isThere = (name: string): boolean => isRegularFile(join(path, name));
  // A scan takes weights without a configuration too, from a folder that it is told.
  const isModel = isThere(WEIGHTS_FILE) && (origin === "configured" || isThere(CONFIG_FILE));
  if (!isThere(MANIFEST_FILE) && !isModel) return undefined;
  const { manifest, problem } = tryReadManifest(path);
  const names = manifest?.files.map(({ name }) => name) ?? model.files.map(({ name }) => name);
  const files = [...names, ONNX_FILE]
    .filter(isThere)
    .map((name) => ({ name, sizeBytes: statSync(join(path, name)).size }));
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return { name: model.name, origin, path, manifest, problem, files, sizeBytes };
}

function tryReadManifest(path: string): { manifest?: Manifest; problem?: string } {
  try {
    return { manifest: readFolderManifest(path) };
  } catch (error) {
    // Who has a damaged model must still be able to see and remove it.
    if (error instanceof FormatError) return { problem: error.message };
    throw error;
  }
}

/** The bytes of the weights in `folder`. @throws {InputError} `M2M_FILE_READ`, also if they are too many */
export function readWeightsFile(folder: string): Uint8Array {
  const path = join(folder, WEIGHTS_FILE);
  try {
    if (statSync(path).size <= MAX_MODEL_FILE_BYTES) return readFileSync(path);
  } catch (cause) {
    throw fileError("read", path, cause);
  }
  throw new InputError(
    "M2M_FILE_READ",
    `Cannot read ${path}: it has more than ${MAX_MODEL_FILE_BYTES} bytes.`,
  );
}

export type ModelState = "whole" | "damaged" | "unlisted";

/** Whether the files are there in the sizes of the manifest. Hashes take longer: `checkFiles`. */
export function sizeState({ manifest, problem, files }: InstalledModel): ModelState {
  if (problem !== undefined) return "damaged";
  if (!manifest) return "unlisted";
  const same = manifest.files.every(({ name, sizeBytes }) =>
    files.some((file) => file.name === name && (sizeBytes === undefined || file.sizeBytes === sizeBytes)),
  );
  return same ? "whole" : "damaged";
}

/**
 * Removes the files of a downloaded model: those that its manifest names, what was made of them, and the rest of a
 * download that was cut. The folder goes too if nothing else is in it.
 * @returns the folder, and the names of the files that were there
 * @throws {InputError} `M2M_WEIGHTS_MISSING`, `M2M_USAGE` for the built-in, `M2M_FILE_WRITE`
 */
export function removeModel(
  environment: ConfigEnvironment,
  model: KnownModel,
  folder?: string,
): { path: string; removed: string[] } {
  const found = findModel(environment, model, { folder });
  if (found.origin === "built-in" || found.path === packagedModelFolder(model.name))
    throw new InputError(
      "M2M_USAGE",
      `The model ${model.name} is part of m2m: there is no downloaded one to remove.`,
    );
  const isOurs = existsSync(join(found.path, MANIFEST_FILE));
  if (folder !== undefined && !isOurs)
    throw new InputError(
      "M2M_USAGE",
      `${found.path} has no ${MANIFEST_FILE}: m2m did not put the files there.`,
      {
        hint: "Delete them yourself if nothing else needs them.",
      },
    );
  // The manifest goes last: what a crash leaves can still be removed.
  const names = [...found.files.map(({ name }) => name), isOurs ? MANIFEST_FILE : SUMS_FILE];
  const removed = names.filter((name) => lstatSync(join(found.path, name), { throwIfNoEntry: false }));
  for (const name of removed) attemptWrite(join(found.path, name), () => rmSync(join(found.path, name)));
  rmSync(join(found.path, STAGING_FOLDER), { recursive: true, force: true });
  try {
    rmdirSync(found.path);
  } catch {
    // Something else is in it.
  }
  return { path: found.path, removed };
}
