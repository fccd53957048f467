import type { RuleHit } from "./rules/index.js";
import type { ThreatCategory } from "./types.js";

/** The categories that words can belong to; `malformed` is a matter of structure. */
export const TEXT_CATEGORIES = [
  "injection",
  "jailbreak",
  "exfiltration",
] as const satisfies readonly ThreatCategory[];
export type TextCategory = (typeof TEXT_CATEGORIES)[number];

/** What one text shows: the numbers that fusion judges by. */
export interface Evidence {
  /** Natural-log odds of UNSAFE by Hydra, of the window where they are highest. Absent if Hydra did not run. */
  readonly unsafeLogit?: number;
  /** Hydra's probability by category in that window; they and SAFE add up to 1. Absent if Hydra did not run. */
  readonly hydra?: Readonly<Record<TextCategory, number>>;
  /** Evidence of the rules by category: the sum of -ln(1 - weight) over the rules that hit, 0 if none. */
  readonly rules: Readonly<Record<TextCategory, number>>;
  /** The greatest weight among the rules that hit, 0 if none. */
  readonly strongestRule: number;
  /** The text had to be decoded to be seen. */
  readonly disguised: boolean;
  /** It is the operator's own word: a system prompt. */
  readonly trusted: boolean;
}

/** A single rule says no more than this, whatever its weight. */
const MOST_CERTAIN = 0.99;

/** Sums the evidence of `hits`, each rule once. */
export function ruleEvidence(hits: readonly RuleHit[]): Pick<Evidence, "rules" | "strongestRule"> {
  const rules = { injection: 0, jailbreak: 0, exfiltration: 0 };
  let strongestRule = 0;
  for (const rule of new Set(hits.map((hit) => hit.rule))) {
    if (rule.category === "malformed") continue;
    rules[rule.category] -= Math.log(1 - Math.min(rule.weight, MOST_CERTAIN));
    strongestRule = Math.max(strongestRule, rule.weight);
  }
  return { rules, strongestRule };
}
