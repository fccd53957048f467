export type { TextView } from "./types.js";
export { viewsOf, type ViewLimits } from "./views.js";
