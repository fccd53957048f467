/** The scanner's names and defaults: the configuration and the command line need them before the scanner is loaded. */

/** What judges: the rules, Hydra, or both together. */
export const DETECTORS = ["both", "rules", "hydra"] as const;
export type Detector = (typeof DETECTORS)[number];

/** Where ONNX Runtime can run the network: its execution providers, or `auto` for the first that works. */
export const HYDRA_DEVICES = ["cpu", "cuda", "dml", "coreml", "webgpu", "auto"] as const;
export type HydraDevice = (typeof HYDRA_DEVICES)[number];

/** What can run Hydra: m2m itself, or ONNX Runtime on one of the others. */
export const DEVICE_NAMES = ["native", ...HYDRA_DEVICES] as const;
export type DeviceName = (typeof DEVICE_NAMES)[number];

/** What content can be refused for. `malformed` is found by structure alone, never by Hydra. */
export const THREAT_CATEGORIES = ["injection", "jailbreak", "exfiltration", "malformed"] as const;
export type ThreatCategory = (typeof THREAT_CATEGORIES)[number];

/**
 * Where a text stands in the traffic, which decides how much it is trusted: a system prompt is the operator's own word,
 * a tool result or a document is a stranger's. `text` is content that is no LLM request and no JSON.
 */
export const SEGMENT_CONTEXTS = [
  "system",
  "user",
  "assistant",
  "tool_result",
  "document",
  "json",
  "text",
] as const;
export type SegmentContext = (typeof SEGMENT_CONTEXTS)[number];

/** From this score on, content counts as unsafe. */
export const DEFAULT_BLOCK_THRESHOLD = 0.8;

/** A threshold of 0 would call everything unsafe. */
export const LEAST_THRESHOLD = 0.01;
