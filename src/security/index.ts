/** Is this content safe? Rules, the classifier Hydra, and what both say together. */
export { HYDRA_ALGORITHMS } from "./compression.js";
export { convertHydraModel, HydraModel, readSafetensors } from "./hydra/index.js";
export type {
  HeadPrediction,
  HydraConfig,
  HydraEngineName,
  HydraLoadOptions,
  HydraPrediction,
  Probabilities,
} from "./hydra/index.js";
export {
  knownFindings,
  parseBaseline,
  renderBaseline,
  withoutKnown,
  type KnownFinding,
  type KnownFindings,
} from "./report/baseline.js";
export { githubAnnotations } from "./report/github.js";
export { SarifReport, type SarifOptions } from "./report/sarif.js";
export { findingsOf, lineOf, type ScannedInput } from "./report/scanned-input.js";
export { parseRules, RuleSet, type Rule } from "./rules/index.js";
export { DEFAULT_MAX_THREATS, SecurityScanner, type ScannerOptions, type ScanOptions } from "./scanner.js";
export { SEVERITIES, THREAT_CATEGORIES } from "./types.js";
export type {
  ScanResult,
  SegmentContext,
  Severity,
  Threat,
  ThreatCategory,
  ThreatLocation,
} from "./types.js";
export { noScores, verdictOf, type Verdict } from "./verdict.js";
export { builtinWeightsFolder, loadBuiltinHydra } from "./weights-folder.js";
export { DEFAULT_BLOCK_THRESHOLD, DETECTORS } from "../shared/security-options.js";
export type { Detector, HydraDevice } from "../shared/security-options.js";
