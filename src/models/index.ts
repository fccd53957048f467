export { MODEL_KINDS } from "./card.js";
export type { ModelCard, ModelKind, ModelPrice } from "./card.js";
export type { TokenUsage } from "./cost.js";
export { parseModelsToml } from "./models-file.js";
export { ModelRegistry } from "./registry.js";
export type { ModelFilter } from "./registry.js";
export { T1_MODEL_NAMES } from "./t1-names.gen.js";
