/** Names and defaults of the scanner that the configuration and the command line need before the scanner is loaded. */

/** What judges content: the rules, Hydra, or both together. */
export const DETECTOR_NAMES = ["both", "rules", "hydra"] as const;

/** What runs Hydra: m2m itself, or ONNX Runtime on one of the others. */
export const DEVICE_NAMES = ["native", "cpu", "cuda", "dml", "coreml", "webgpu", "auto"] as const;

export const CATEGORY_NAMES = ["injection", "jailbreak", "exfiltration", "malformed"] as const;

/** Score from which content counts as unsafe. */
export const DEFAULT_THRESHOLD = 0.8;

/** A threshold of 0 would call everything unsafe. */
export const LEAST_THRESHOLD = 0.01;
