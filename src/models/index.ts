export { MODEL_KINDS } from "./card.js";
export type { ModelCard, ModelKind, ModelPrice } from "./card.js";
export { T1_MODEL_NAMES } from "./t1-names.gen.js";
