export { splitContent, type SplitContent, type SplitOptions } from "./split.js";
