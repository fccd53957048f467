import type { DownloadProgress, DownloadResult, FileCheck, ModelOrigin } from "../hub/index.js";
import type { CommandContext } from "./context.js";
import { interruptible } from "./interrupt.js";
import { Progress } from "./progress.js";

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
          onStart: (letGo) => void (release = letGo),
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
export function formatDownload({ file, receivedBytes, totalBytes }: DownloadProgress): string {
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
  const model = hub.findModel(context, hub.findKnownModel(name ?? hub.DEFAULT_MODEL_NAME), folder);
  const files = hub.checkFiles(
    model.path,
    model.manifest,
    model.files.map((file) => file.name),
  );
  const ok = files.every(({ state }) => state === "ok" || state === "unlisted");
  return { name: model.name, origin: model.origin, path: model.path, ok, files };
}
