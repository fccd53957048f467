import { softmax } from "./ops.js";
import { invalid } from "./safetensors.js";
import type {
  HeadPrediction,
  HydraAssessment,
  HydraConfig,
  HydraEngineName,
  HydraLogits,
  HydraPrediction,
} from "./types.js";
import type { WindowList } from "./windows.js";

/** What the network says of one window. */
export interface WindowScore {
  /** UTF-16 range in the text. */
  readonly start: number;
  readonly end: number;
  readonly logits: HydraLogits;
}

/** Logits of a window. */
export function labelCount({ labels: { security, compression, threat } }: HydraConfig): number {
  return security.length + compression.length + (threat?.length ?? 0);
}

/** What a backend says of windows, read head by head. */
export class ScoredWindows {
  readonly #config: HydraConfig;
  readonly #windows: WindowList;
  readonly #logits: Float32Array;
  readonly #width: number;
  /** For each window whether the network has seen it; absent: it has seen them all. */
  readonly #seen: Uint8Array | undefined;

  /**
   * @param logits `[windows, width]`
   * @param seen for each window whether the logits are the network's; of others only those for security mean something
   * @param width those of all labels, or of the security head alone if the network has seen no window
   */
  constructor(
    config: HydraConfig,
    windows: WindowList,
    logits: Float32Array,
    seen?: Uint8Array,
    width: number = labelCount(config),
  ) {
    this.#config = config;
    this.#windows = windows;
    this.#logits = logits;
    this.#width = width;
    this.#seen = seen;
  }

  /**
   * What a text is as a threat, from its windows, of which there is at least one.
   * @throws {FormatError} `M2M_WEIGHTS_INVALID` if the weights give no numbers
   */
  assess(text: number): HydraAssessment {
    const { security, threat } = this.#config.labels;
    const [first, last] = this.#windows.windowsOf(text);
    const deciding = this.#mostAlarming(first, last, security);
    const isSeen = this.#seen === undefined || this.#seen[deciding] === 1;
    return {
      security: this.#predictHead(deciding, 0, security),
      threat: isSeen && threat ? this.#predictHead(deciding, security.length, threat) : undefined,
      window: this.#rangeOf(deciding),
    };
  }

  /**
   * One prediction from the windows of a text, of which there is at least one.
   * @throws {FormatError} `M2M_WEIGHTS_INVALID` if the weights give no numbers
   */
  predict(text: number, measured: { latencyMs: number; engine: HydraEngineName }): HydraPrediction {
    const { labels } = this.#config;
    const [first, last] = this.#windows.windowsOf(text);
    const compressionAt = labels.security.length + (labels.threat?.length ?? 0);
    return {
      ...this.assess(text),
      compression: this.#predictHead(first, compressionAt, labels.compression),
      windowCount: last - first,
      ...measured,
    };
  }

  /** The logits of each window of a text. */
  list(text: number): WindowScore[] {
    const { security, compression, threat } = this.#config.labels;
    const [first, last] = this.#windows.windowsOf(text);
    return Array.from({ length: last - first }, (_, index) => {
      let at = (first + index) * this.#width;
      const take = (count: number): Float32Array => this.#logits.slice(at, (at += count));
      const logits = {
        security: take(security.length),
        threat: threat && take(threat.length),
        compression: take(compression.length),
      };
      return { ...this.#rangeOf(first + index), logits };
    });
  }

  #rangeOf(window: number): { start: number; end: number } {
    const { spans } = this.#windows;
    return { start: spans[2 * window], end: spans[2 * window + 1] };
  }

  /** The window that is the likeliest to be unsafe by the security head, whose logits come first. */
  #mostAlarming(first: number, last: number, labels: readonly string[]): number {
    const label = labels.indexOf("UNSAFE");
    let best = first;
    let highest = -Infinity;
    for (let window = first; window < last; window++) {
      const alarm = this.#logOdds(window * this.#width, labels.length, label);
      if (Number.isNaN(alarm)) throw invalid("The weights give results that are no numbers.");
      if (alarm > highest) [best, highest] = [window, alarm];
    }
    return best;
  }

  /** Natural-log odds of one label against all others, of the `count` logits from `at` on. */
  #logOdds(at: number, count: number, label: number): number {
    const logits = this.#logits;
    let largest = -Infinity;
    for (let i = 0; i < count; i++) if (i !== label && logits[at + i] > largest) largest = logits[at + i];
    let others = 0;
    for (let i = 0; i < count; i++) if (i !== label) others += Math.exp(logits[at + i] - largest);
    return logits[at + label] - largest - Math.log(others);
  }

  #predictHead(window: number, column: number, labels: readonly string[]): HeadPrediction {
    const at = window * this.#width + column;
    const shares = softmax(this.#logits, at, labels.length);
    const probabilities: Record<string, number> = {};
    for (let index = 0; index < labels.length; index++) {
      if (!Number.isFinite(shares[index])) throw invalid("The weights give results that are no numbers.");
      probabilities[labels[index]] = shares[index];
    }
    return { label: labels[indexOfLargest(shares)], probabilities };
  }
}

/** Index of the largest value, the first among equals. */
function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
