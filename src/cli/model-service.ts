import { join } from "node:path";
import type {
  DownloadProgress,
  DownloadResult,
  FileCheck,
  InstalledModel,
  ModelOrigin,
} from "../hub/index.js";
import type { HydraConfig } from "../security/index.js";
import { FormatError, M2MError } from "../shared/errors.js";
import { isRegularFile, readSmallFile } from "../shared/files.js";
import { ONNX_FILE } from "../shared/model-files.js";
import type { CommandContext } from "./context.js";
import { assertBinaryAllowed, withOutput, type OutputOptions } from "./output.js";
import { interruptible } from "./interrupt.js";
import { Progress } from "./progress.js";
import { printable } from "./terminal.js";

interface DownloadChoice {
  readonly from?: string;
  readonly revision?: string;
  readonly folder?: string;
  readonly force: boolean;
}

/** Fetches a model, with a bar on a terminal; Ctrl-C keeps what has arrived. Errors are those of `downloadModel`. */
export async function downloadWithProgress(
  context: CommandContext,
  name: string | undefined,
  { from, revision, folder, force }: DownloadChoice,
): Promise<{ name: string; result: DownloadResult }> {
  const hub = await import("../hub/index.js");
  const model = hub.findKnownModel(name ?? hub.DEFAULT_MODEL_NAME);
  const source = hub.resolveSource(model, { from, revision }, context);
  const progress = new Progress(context);
  let release = (): void => {};
  const cleanup = (): void => {
    progress.stop();
    release();
  };
  try {
    const result = await interruptible(
      () =>
        hub.downloadModel({
          model,
          source,
          folder: folder ?? hub.modelFolder(context, model),
          force,
          env: context.env,
          check: assertLoads,
          onStart: (letGo) => void (release = letGo),
          onRetry({ message }, waitMs) {
            progress.clear();
            context.note(`${printable(message)} Trying again in ${Math.ceil(waitMs / 1000)} s.`);
          },
          onProgress: (state) => progress.tick(formatDownload(state), state.allBytes),
        }),
      cleanup,
    );
    return { name: model.name, result };
  } finally {
    progress.stop();
  }
}

const BAR_WIDTH = 24;

/** Such as `model.safetensors ████████░░░░░░░░ 52 %`. */
function formatDownload({ file, receivedBytes, totalBytes }: DownloadProgress): string {
  if (totalBytes === undefined || totalBytes === 0) return file;
  const share = Math.min(1, receivedBytes / totalBytes);
  const full = Math.floor(share * BAR_WIDTH);
  return `${file} ${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)} ${Math.floor(100 * share)} %`;
}

export interface ModelReport {
  readonly name: string;
  readonly origin: ModelOrigin;
  readonly path: string;
  readonly ok: boolean;
  readonly files: readonly FileCheck[];
  readonly problem?: string;
}

/**
 * The state of a model: hashes against its manifest, and whether its weights load.
 * @throws {InputError} `M2M_WEIGHTS_MISSING`, `M2M_MODEL_UNKNOWN`, `M2M_FILE_READ`
 */
export async function verifyModel(
  context: CommandContext,
  name: string | undefined,
  folder: string | undefined,
): Promise<ModelReport> {
  const hub = await import("../hub/index.js");
  const model = hub.findModel(context, hub.findKnownModel(name ?? hub.DEFAULT_MODEL_NAME), {
    folder,
    configured: await configuredFolder(context),
  });
  const files = hub.checkFiles(
    model.path,
    model.manifest,
    model.files.map((file) => file.name),
  );
  const problem = model.problem ?? (await problemOf(model.path));
  const ok = problem === undefined && files.every(({ state }) => state === "ok" || state === "unlisted");
  return { name: model.name, origin: model.origin, path: model.path, ok, files, problem };
}

/** `security.model_dir`: what scans take is what the commands on a model are about, unless they are told a folder. */
async function configuredFolder(context: CommandContext): Promise<string | undefined> {
  return (await context.config()).get("security.model_dir");
}

/** @throws {FormatError} `M2M_WEIGHTS_INVALID` */
async function assertLoads(folder: string): Promise<void> {
  const problem = await problemOf(folder);
  if (problem !== undefined)
    throw new FormatError("M2M_WEIGHTS_INVALID", `What was fetched is no model that works: ${problem}`);
}

/** Why the weights do not load; `undefined` if they do. */
async function problemOf(folder: string): Promise<string | undefined> {
  try {
    await loadHydra(folder);
    return undefined;
  } catch (error) {
    if (error instanceof M2MError) return error.message;
    throw error;
  }
}

/** @throws {FormatError} `M2M_WEIGHTS_INVALID` @throws {InputError} `M2M_WEIGHTS_MISSING`, `M2M_FILE_READ` */
async function loadHydra(folder: string): Promise<HydraConfig> {
  const { HydraModel } = await import("../security/index.js");
  const hydra = await HydraModel.load(folder);
  const { config } = hydra;
  await hydra.close();
  return config;
}

export interface ModelDescription {
  readonly name: string;
  readonly summary: string;
  readonly origin: ModelOrigin;
  readonly path: string;
  readonly repository: string;
  readonly source?: string;
  readonly revision?: string;
  readonly commit?: string;
  /** From the front matter of its card. */
  readonly license?: string;
  readonly files: InstalledModel["files"];
  readonly sizeBytes: number;
  readonly config: HydraConfig;
  readonly parameterCount: number;
  readonly tensors: readonly {
    readonly name: string;
    readonly type: string;
    readonly shape: readonly number[];
  }[];
}

/**
 * What a model is: its files, its configuration, its tensors, the licence of its card.
 * @throws {InputError} `M2M_WEIGHTS_MISSING`, `M2M_MODEL_UNKNOWN`, `M2M_FILE_READ`
 * @throws {FormatError} `M2M_WEIGHTS_INVALID`
 */
export async function describeModel(
  context: CommandContext,
  name: string | undefined,
  folder: string | undefined,
): Promise<ModelDescription> {
  const [hub, { readSafetensors }] = await Promise.all([
    import("../hub/index.js"),
    import("../security/index.js"),
  ]);
  const known = hub.findKnownModel(name ?? hub.DEFAULT_MODEL_NAME);
  const { origin, path, manifest, files, sizeBytes } = hub.findModel(context, known, {
    folder,
    configured: await configuredFolder(context),
  });
  const weights = readSafetensors(hub.readWeightsFile(path));
  const tensors = [...weights].map(([tensor, { type, shape }]) => ({ name: tensor, type, shape }));
  const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
  return {
    name: known.name,
    summary: known.summary,
    origin,
    path,
    repository: known.repository,
    source: manifest?.source,
    revision: manifest?.revision,
    commit: manifest?.commit,
    license: licenseOf(join(path, hub.CARD_FILE)),
    files,
    sizeBytes,
    config: await loadHydra(path),
    parameterCount: tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    tensors,
  };
}

/**
 * Writes the ONNX file of a model: to the path of `options`, or beside the weights, where an older one is replaced.
 * @throws {InputError} `M2M_WEIGHTS_MISSING`, `M2M_MODEL_UNKNOWN`, `M2M_FILE_EXISTS`, `M2M_FILE_WRITE`, `M2M_BINARY_TO_TERMINAL`
 * @throws {FormatError} `M2M_WEIGHTS_INVALID`
 */
export async function convertModel(
  context: CommandContext,
  name: string | undefined,
  folder: string | undefined,
  options: OutputOptions,
): Promise<{ name: string; path: string; output: string; sizeBytes: number }> {
  const [hub, { convertHydraModel }] = await Promise.all([
    import("../hub/index.js"),
    import("../security/index.js"),
  ]);
  const model = hub.findModel(context, hub.findKnownModel(name ?? hub.DEFAULT_MODEL_NAME), {
    folder,
    configured: await configuredFolder(context),
  });
  // The package's own folder is left as it was installed.
  const isOfPackage = model.origin === "built-in";
  const output = options.path ?? join(isOfPackage ? context.cwd : model.path, ONNX_FILE);
  const isKept = options.path !== undefined || isOfPackage;
  const target = { path: output, force: options.force === true || !isKept };
  assertBinaryAllowed(context, target);
  const bytes = convertHydraModel(model.path);
  await withOutput(context, target, (opened) => opened.write(bytes));
  return { name: model.name, path: model.path, output, sizeBytes: bytes.length };
}

const MAX_CARD_BYTES = 1024 ** 2;

/** `license` of the YAML before the text of a card, as the hub has it. */
function licenseOf(path: string): string | undefined {
  if (!isRegularFile(path)) return undefined;
  const text = new TextDecoder().decode(readSmallFile(path, MAX_CARD_BYTES));
  const matter = /^---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1];
  return /^license:[ \t]*["']?([\w.+ -]{1,60}?)["']?[ \t]*$/m.exec(matter ?? "")?.[1];
}
