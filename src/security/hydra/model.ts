import { InputError, M2MError } from "../../shared/errors.js";
import { createTokenizer, readHydraFiles, readOnnxModel, type HydraFiles } from "./load.js";
import { NativeBackend } from "./network.js";
import { OnnxBackend } from "./onnx/backend.js";
import { loadOnnxRuntime, type OnnxRuntimeLoader } from "./onnx/runtime.js";
import { HYDRA_DEVICES, openSession, type HydraDevice } from "./onnx/session.js";
import type { HydraTokenizer } from "./tokenizer.js";
import type { HydraBackend, HydraConfig, HydraEngineName, HydraPrediction } from "./types.js";
import { combineWindows, type WindowScore } from "./verdict.js";
import { cutWindows, type TextWindow } from "./windows.js";

export interface HydraLoadOptions {
  /** Unless set: `native`, or `onnx` if a device other than `cpu` is asked for. */
  readonly engine?: HydraEngineName;
  /** Where ONNX Runtime runs the network; `native` knows the CPU only. */
  readonly device?: HydraDevice;
  /** Imports ONNX Runtime; the package `onnxruntime-node` unless set. */
  readonly loadOnnxRuntime?: OnnxRuntimeLoader;
}

interface OpenedBackend {
  readonly backend: HydraBackend;
  readonly notes: readonly string[];
}

/** Windows that are held at a time: a huge text is not cut all at once. */
const CHUNK = 1024;

/** The classifier for threats and compression: reads text in windows, and says what each is. */
export class HydraModel {
  readonly config: HydraConfig;
  /** What is not as it was asked for, and why: one sentence each. */
  readonly notes: readonly string[];
  readonly #tokenizer: HydraTokenizer;
  readonly #backend: HydraBackend;

  private constructor(config: HydraConfig, tokenizer: HydraTokenizer, { backend, notes }: OpenedBackend) {
    this.config = config;
    this.notes = notes;
    this.#tokenizer = tokenizer;
    this.#backend = backend;
  }

  /**
   * Loads `model.safetensors` of `folder`, with `config.json` and the vocabulary it names.
   * @throws {InputError} `M2M_WEIGHTS_MISSING`, `M2M_FILE_READ`, `M2M_USAGE` for an unknown engine or device
   * @throws {FormatError} `M2M_WEIGHTS_INVALID`, `M2M_UTF8_INVALID` of the vocabulary
   * @throws {UnsupportedError} `M2M_PACKAGE_MISSING` if ONNX Runtime is asked for and not installed,
   *   `M2M_PLATFORM_UNSUPPORTED` if it refuses the model
   */
  static async load(folder: string, options: HydraLoadOptions = {}): Promise<HydraModel> {
    assertOptions(options);
    const files = readHydraFiles(folder);
    const tokenizer = createTokenizer(folder, files.config);
    return new HydraModel(files.config, tokenizer, await openBackend(folder, files, options));
  }

  get engine(): HydraEngineName {
    return this.#backend.engine;
  }

  /** What the engine runs on, such as `cpu` or `cuda`. */
  get device(): string {
    return this.#backend.device;
  }

  /**
   * Judges one text: the most alarming of its windows decides about threats, the first about compression.
   * @throws {FormatError} `M2M_WEIGHTS_INVALID` if the weights give no numbers
   */
  async predict(text: string): Promise<HydraPrediction> {
    return (await this.predictBatch([text]))[0];
  }

  /**
   * Judges many texts together; `latencyMs` of each is the time for all, divided by their number.
   * @throws {FormatError} `M2M_WEIGHTS_INVALID` if the weights give no numbers
   */
  async predictBatch(texts: readonly string[]): Promise<HydraPrediction[]> {
    const startMs = performance.now();
    const scores = await this.#score(texts);
    const measured = { latencyMs: (performance.now() - startMs) / texts.length, engine: this.engine };
    return scores.map((windows) => combineWindows(windows, this.config, measured));
  }

  /** The logits of each window of a text, in order; at least one. */
  async scoreWindows(text: string): Promise<WindowScore[]> {
    return (await this.#score([text]))[0];
  }

  /** Frees what the engine holds; the model is of no use afterwards. */
  async close(): Promise<void> {
    await this.#backend.close();
  }

  async #score(texts: readonly string[]): Promise<WindowScore[][]> {
    const scores: WindowScore[][] = texts.map(() => []);
    let pending: { window: TextWindow; into: WindowScore[] }[] = [];
    const flush = async (): Promise<void> => {
      const batch = pending;
      pending = [];
      const logits = await this.#backend.run(batch.map(({ window }) => window));
      batch.forEach(({ window: { start, end }, into }, i) => into.push({ start, end, logits: logits[i] }));
    };
    for (const [index, text] of texts.entries()) {
      for (const window of cutWindows(this.#tokenizer.encode(text), this.config)) {
        pending.push({ window, into: scores[index] });
        if (pending.length === CHUNK) await flush();
      }
    }
    if (pending.length > 0) await flush();
    return scores;
  }
}

function assertOptions({ engine, device }: HydraLoadOptions): void {
  if (engine !== undefined && engine !== "native" && engine !== "onnx") {
    throw new InputError("M2M_USAGE", `There is no engine "${String(engine)}"; there are native and onnx.`);
  }
  if (device !== undefined && !HYDRA_DEVICES.includes(device)) {
    throw new InputError(
      "M2M_USAGE",
      `There is no device "${String(device)}"; there are ${HYDRA_DEVICES.join(", ")}.`,
    );
  }
}

async function openBackend(
  folder: string,
  files: HydraFiles,
  { engine, device = "cpu", loadOnnxRuntime: load }: HydraLoadOptions,
): Promise<OpenedBackend> {
  const native = (...notes: string[]): OpenedBackend => ({
    backend: new NativeBackend(files.weights, files.config),
    notes,
  });
  if (engine === "native" || (engine === undefined && device === "cpu")) {
    if (device === "cpu" || device === "auto") return native();
    return native(`The engine native runs on cpu only; ${device} takes the engine onnx.`);
  }
  let runtime;
  try {
    runtime = await loadOnnxRuntime(load);
  } catch (error) {
    // Whoever leaves the choice to m2m gets what there is.
    if (engine === undefined && device === "auto" && error instanceof M2MError) {
      return native(`${error.message} Hydra runs natively on cpu. ${error.hint ?? ""}`.trim());
    }
    throw error;
  }
  const { model, notes } = readOnnxModel(folder, files);
  const opened = await openSession(runtime, model, device);
  return {
    backend: new OnnxBackend(runtime, opened.session, opened.device, files.config),
    notes: [...notes, ...opened.notes],
  };
}
