import { assertList, assertOptions } from "../../shared/bounds.js";
import { assertText } from "../../shared/content.js";
import { InputError, M2MError } from "../../shared/errors.js";
import { HYDRA_DEVICES, type HydraDevice } from "../../shared/security-options.js";
import { createTokenizer, readHydraFiles, readOnnxModel, type HydraFiles } from "./load.js";
import { NativeBackend } from "./network.js";
import { OnnxBackend } from "./onnx/backend.js";
import { loadOnnxRuntime, type OnnxRuntimeLoader } from "./onnx/runtime.js";
import { openSession } from "./onnx/session.js";
import type { HydraTokenizer } from "./tokenizer.js";
import { Screen } from "./screen.js";
import { screenWindows } from "./screened.js";
import type {
  HydraAssessment,
  HydraBackend,
  HydraConfig,
  HydraEngineName,
  HydraPrediction,
} from "./types.js";
import { ScoredWindows, type WindowScore } from "./verdict.js";
import { WindowList } from "./windows.js";

export interface HydraLoadOptions {
  /** Unless set: `native`, or `onnx` if a device other than `cpu` is asked for. */
  readonly engine?: HydraEngineName;
  /** Where ONNX Runtime runs the network; `native` knows the CPU only. */
  readonly device?: HydraDevice;
  /** Imports ONNX Runtime; the package `onnxruntime-node` unless set. */
  readonly loadOnnxRuntime?: OnnxRuntimeLoader;
}

/** A text to be assessed. */
export interface AssessedText {
  readonly text: string;
  /** Whether there is other evidence against it: then the network sees it whole. */
  readonly suspicious: boolean;
}

interface OpenedBackend {
  readonly backend: HydraBackend;
  readonly notes: readonly string[];
}

/** UTF-16 units of the texts that are judged together: what is known of their tokens is held until then. */
const CHUNK_UNITS = 2 ** 17;

/** One huge batch is no reason to keep a huge list. */
const MAX_SPARE_TOKENS = 4096;

/** The classifier for threats and compression: reads text in windows, and says what each is. */
export class HydraModel {
  readonly config: HydraConfig;
  /** What is not as it was asked for, and why: one sentence each. */
  readonly notes: readonly string[];
  readonly #tokenizer: HydraTokenizer;
  readonly #backend: HydraBackend;
  readonly #screen: Screen | undefined;
  /** A list of windows that is written over. */
  #spare: WindowList | undefined;

  private constructor(
    { config, weights }: HydraFiles,
    tokenizer: HydraTokenizer,
    { backend, notes }: OpenedBackend,
  ) {
    this.config = config;
    this.notes = notes;
    this.#tokenizer = tokenizer;
    this.#backend = backend;
    this.#screen = config.screen && new Screen(config.screen, weights, config);
  }

  /**
   * Loads `model.safetensors` of `folder`, with `config.json` and the vocabulary it names.
   * @throws {InputError} `M2M_WEIGHTS_MISSING`, `M2M_FILE_READ`, `M2M_USAGE` for an unknown engine or device
   * @throws {FormatError} `M2M_WEIGHTS_INVALID`, `M2M_UTF8_INVALID` of the vocabulary
   * @throws {UnsupportedError} `M2M_PACKAGE_MISSING` if ONNX Runtime is asked for and not installed,
   *   `M2M_PLATFORM_UNSUPPORTED` if it refuses the model
   */
  static async load(folder: string, options: HydraLoadOptions = {}): Promise<HydraModel> {
    assertText("A folder", folder);
    assertLoadOptions(options);
    const files = readHydraFiles(folder, isNative(options));
    const tokenizer = createTokenizer(folder, files.config);
    return new HydraModel(files, tokenizer, await openBackend(folder, files, options));
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
   * @throws {InputError} `M2M_USAGE` if it is no string
   * @throws {FormatError} `M2M_WEIGHTS_INVALID` if the weights give no numbers
   */
  async predict(text: string): Promise<HydraPrediction> {
    return (await this.predictBatch([text]))[0];
  }

  /**
   * Judges many texts together; `latencyMs` of each is the time for those beside it, divided by their number.
   * @throws {InputError} `M2M_USAGE` if they are no array of strings
   * @throws {FormatError} `M2M_WEIGHTS_INVALID` if the weights give no numbers
   */
  async predictBatch(texts: readonly string[]): Promise<HydraPrediction[]> {
    assertList("The texts", texts);
    for (const text of texts) assertText("A text", text);
    const predictions: HydraPrediction[] = [];
    for (let first = 0; first < texts.length;) {
      const startMs = performance.now();
      const { windows, count } = this.#cut(texts, first);
      const scores = new ScoredWindows(this.config, windows, await this.#backend.run(windows));
      const measured = { latencyMs: (performance.now() - startMs) / count, engine: this.engine };
      for (let text = 0; text < count; text++) predictions.push(scores.predict(text, measured));
      first += count;
    }
    return predictions;
  }

  /**
   * Judges many texts together, of threats only: of texts without other evidence the network sees the windows that the
   * screen of the weights cannot tell to be harmless.
   * @throws {InputError} `M2M_USAGE` if they are no array of such texts
   * @throws {FormatError} `M2M_WEIGHTS_INVALID` if the weights give no numbers
   */
  async assessBatch(texts: readonly AssessedText[]): Promise<HydraAssessment[]> {
    assertList("The texts", texts);
    const contents = texts.map(contentOf);
    const assessments: HydraAssessment[] = [];
    for (let first = 0; first < texts.length;) {
      const { windows, count } = this.#cut(contents, first, this.#takeSpare());
      const begun = first;
      const screened = this.#screen
        ? screenWindows(
            windows,
            this.#screen,
            this.#backend,
            this.config,
            (text) => texts[begun + text].suspicious,
          )
        : this.#backend.run(windows).then((logits) => new ScoredWindows(this.config, windows, logits));
      const scores = screened instanceof Promise ? await screened : screened;
      for (let text = 0; text < count; text++) assessments.push(scores.assess(text));
      if (windows.room <= MAX_SPARE_TOKENS) this.#spare = windows;
      first += count;
    }
    return assessments;
  }

  /** A list that nobody uses, whoever else is waiting for the engine. */
  #takeSpare(): WindowList | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    spare?.clear();
    return spare;
  }

  /** The logits of each window of a text, in the order of their beginnings; at least one. @throws {InputError} `M2M_USAGE` */
  async scoreWindows(text: string): Promise<WindowScore[]> {
    assertText("A text", text);
    const { windows } = this.#cut([text], 0);
    return new ScoredWindows(this.config, windows, await this.#backend.run(windows)).list(0);
  }

  /** Frees what the engine holds; the model is of no use afterwards. */
  async close(): Promise<void> {
    await this.#backend.close();
  }

  /** The windows of the texts from `first` on, of as many as are judged together. */
  #cut(
    texts: readonly string[],
    first: number,
    windows = new WindowList(this.config),
  ): { windows: WindowList; count: number } {
    let units = 0;
    let count = 0;
    for (; first + count < texts.length && (count === 0 || units < CHUNK_UNITS); count++) {
      const text = texts[first + count];
      units += text.length;
      windows.add(this.#tokenizer.encode(text));
    }
    return { windows, count };
  }
}

function contentOf(assessed: AssessedText): string {
  assertOptions("What is assessed", assessed);
  assertText("A text", assessed.text);
  return assessed.text;
}

function assertLoadOptions(options: HydraLoadOptions): void {
  assertOptions("The options", options);
  const { engine, device } = options;
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

/** Whether the options leave no other engine. */
function isNative({ engine, device = "cpu" }: HydraLoadOptions): boolean {
  return engine === "native" || (engine === undefined && device === "cpu");
}

async function openBackend(
  folder: string,
  files: HydraFiles,
  { engine, device = "cpu", loadOnnxRuntime: load }: HydraLoadOptions,
): Promise<OpenedBackend> {
  const native = (...notes: string[]): OpenedBackend => ({
    backend: new NativeBackend(files.weights, files.config, files.memory),
    notes,
  });
  if (isNative({ engine, device })) {
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
