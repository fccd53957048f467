import type { Rule } from "./types.js";
export const makeBuiltinRules = (): readonly Rule[] => [];
