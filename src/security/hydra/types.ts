/** Probability by label, in the order of the head's labels; they add up to 1. */
export type Probabilities = Readonly<Record<string, number>>;

export interface HeadPrediction {
  /** The most probable label. */
  readonly label: string;
  readonly probabilities: Probabilities;
}

export type HydraEngineName = "native" | "onnx";

/** What a text is as a threat. */
export interface HydraAssessment {
  /** SAFE or UNSAFE: the window with the highest UNSAFE decides. */
  readonly security: HeadPrediction;
  /**
   * SAFE, INJECTION, JAILBREAK, EXFILTRATION of the same window, if the weights have that head and the network has seen the
   * window.
   */
  readonly threat?: HeadPrediction;
  /** UTF-16 range, in the text, of the window that decides. */
  readonly window: { readonly start: number; readonly end: number };
}

export interface HydraPrediction extends HydraAssessment {
  /** NONE, BPE, BROTLI, ZLIB, of the first window. */
  readonly compression: HeadPrediction;
  readonly windowCount: number;
  readonly latencyMs: number;
  readonly engine: HydraEngineName;
}

/** The logits of one window, a value a label in the order of the configuration. */
export interface HydraLogits {
  readonly security: Float32Array;
  readonly compression: Float32Array;
  /** Absent if the weights have no threat head. */
  readonly threat?: Float32Array;
}

export interface WindowScale {
  readonly tokens: number;
  readonly stride: number;
}

/** Natural-log odds = bias + the sum of coefficient times feature. */
export interface LogisticLayer {
  readonly bias: number;
  readonly coefficients: readonly number[];
}

/** A linear estimate of the network's natural-log odds of UNSAFE for a window (`screen.ts`). */
export interface ScreenLayer {
  readonly bias: number;
  /** `[hidden]`: weights of the mean embedding. */
  readonly embed: readonly number[];
  /** Weights of the logits of the n-gram branch; none if there is no such branch. */
  readonly ngram: readonly number[];
  /** Weight of the binary logarithm of the number of tokens. */
  readonly length: number;
  /** Windows that are estimated lower are harmless. */
  readonly threshold: number;
  /** Windows that are estimated so much lower than another of their text do not decide. */
  readonly margin: number;
}

/** `config.json` beside the weights. What is absent is taken from the tensors' shapes and the published model. */
export interface HydraConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly expertCount: number;
  readonly topK: number;
  readonly layerNormEpsilon: number;
  /**
   * `bytes`: byte value + 3 (PAD 0, EOS 1, BOS 2); `framed` puts BOS and EOS around each window, as the published model's
   * own reader does. `wordpiece`: uncased BERT pieces of the file `vocabulary`.
   */
  readonly tokenizer:
    | { readonly type: "bytes"; readonly framed: boolean }
    | { readonly type: "wordpiece"; readonly vocabulary: string };
  /**
   * Tokens a window, and how far the next one starts from it, for each scale that texts are read in: a wide window sees
   * the whole of a story, a narrow one the sentence that a long text would drown.
   */
  readonly windows: readonly WindowScale[];
  /** The optional linear branch over hashed n-grams of token ids; absent if the weights have none. */
  readonly ngram?: {
    readonly buckets: number;
    readonly orders: readonly number[];
    /** What the sum of a window's weights is divided by: the square root of their number, or their number. */
    readonly pooling: "sqrt" | "mean";
  };
  readonly labels: {
    readonly security: readonly string[];
    readonly compression: readonly string[];
    readonly threat?: readonly string[];
  };
  /**
   * How the logits become a calibrated probability, alone and together with the rules' evidence
   * (`src/security/fusion`). Absent if the weights were not fitted for it.
   */
  readonly fusion?: Readonly<Record<"both" | "hydra", LogisticLayer>>;
  /** The first stage before the network; absent if none was fitted: then the network sees all windows. */
  readonly screen?: ScreenLayer;
}

/** Windows of a stream of tokens, which holds one text or several. */
export interface HydraWindows {
  readonly ids: Int32Array;
  /** First and behind-last index into `ids` of each window, in pairs. */
  readonly ranges: ArrayLike<number>;
}

/** What runs the network: natively or in ONNX Runtime. */
export interface HydraBackend {
  readonly engine: HydraEngineName;
  /** What it runs on, such as `cpu` or `cuda`. */
  readonly device: string;
  /** `[windows, labels]`: logits of each window for security, threat and compression, in the order of the windows. */
  run(windows: HydraWindows): Promise<Float32Array>;
  close(): Promise<void>;
}
