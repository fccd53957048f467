export { parseRules } from "./rule-file.js";
export { RuleSet } from "./rule-set.js";
export type { Rule, RuleHit } from "./types.js";
