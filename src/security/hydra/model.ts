import { parseConfig } from "./config.js";
import { CONFIG_FILE, readModelFile, tryReadModelFile, WEIGHTS_FILE } from "./files.js";
import { NativeBackend } from "./network.js";
import { ByteTokenizer, createWordPieceTokenizer, type HydraTokenizer } from "./tokenizer.js";
import type { HydraBackend, HydraConfig, HydraEngineName, HydraPrediction } from "./types.js";
import { combineWindows, type WindowScore } from "./verdict.js";
import { readWeights } from "./weights.js";
import { cutWindows, type TextWindow } from "./windows.js";

export interface HydraLoadOptions {
  /** `native` unless set. */
  readonly engine?: HydraEngineName;
}

/** Windows that are held at a time: a huge text is not cut all at once. */
const CHUNK = 256;

/** The classifier for threats and compression: reads text in windows, and says what each is. */
export class HydraModel {
  readonly config: HydraConfig;
  readonly #tokenizer: HydraTokenizer;
  readonly #backend: HydraBackend;

  private constructor(config: HydraConfig, tokenizer: HydraTokenizer, backend: HydraBackend) {
    this.config = config;
    this.#tokenizer = tokenizer;
    this.#backend = backend;
  }

  /**
   * Loads `model.safetensors` of `folder`, with `config.json` and the vocabulary it names.
   * @throws {InputError} `M2M_WEIGHTS_MISSING`, `M2M_FILE_READ`
   * @throws {FormatError} `M2M_WEIGHTS_INVALID`
   */
  static async load(folder: string, _options: HydraLoadOptions = {}): Promise<HydraModel> {
    const weights = readWeights(readModelFile(folder, WEIGHTS_FILE));
    const config = parseConfig(tryReadModelFile(folder, CONFIG_FILE), weights);
    const { tokenizer } = config;
    const reader =
      tokenizer.type === "bytes"
        ? new ByteTokenizer()
        : createWordPieceTokenizer(readModelFile(folder, tokenizer.vocabulary), config.vocabSize);
    return new HydraModel(config, reader, new NativeBackend(weights, config));
  }

  get engine(): HydraEngineName {
    return this.#backend.engine;
  }

  /** What the engine runs on, such as `cpu` or `cuda`. */
  get device(): string {
    return this.#backend.device;
  }

  /** Judges one text: the most alarming of its windows decides about threats, the first about compression. */
  async predict(text: string): Promise<HydraPrediction> {
    return (await this.predictBatch([text]))[0];
  }

  /** Judges many texts together; `latencyMs` of each is the time for all, divided by their number. */
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
