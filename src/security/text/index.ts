export { FORMATTING } from "./decoders/formatting.js";
export type { TextView } from "./types.js";
export { isLetter } from "./units.js";
export { viewsOf, type ViewLimits } from "./views.js";
