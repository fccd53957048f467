export { FUSION_FEATURE_COUNT } from "./config.js";
export { convertHydraModel } from "./load.js";
export { HydraModel } from "./model.js";
export type { AssessedText, HydraLoadOptions } from "./model.js";
export { readSafetensors } from "./safetensors.js";
export type { WindowScore } from "./verdict.js";
export type {
  HeadPrediction,
  HydraAssessment,
  HydraConfig,
  HydraEngineName,
  HydraLogits,
  HydraPrediction,
  LogisticLayer,
  Probabilities,
} from "./types.js";
