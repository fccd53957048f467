import { TEXT_CATEGORIES } from "../evidence.js";
import { PAYLOAD_CHECKS } from "../payload/index.js";
import type { RuleSet } from "../rules/index.js";
import type { Severity, ThreatCategory } from "../types.js";

/** What a report says of a rule, a check or a verdict of Hydra. */
export interface RuleFacts {
  readonly id: string;
  readonly name: string;
  readonly category: ThreatCategory;
  readonly severity: Severity;
  readonly description: string;
}

const HYDRA_SUBJECTS = {
  injection: "instructions to the model that are not the operator's",
  jailbreak: "an attempt to talk a model out of its rules",
  exfiltration: "an attempt to get at data and send it away",
} as const;

/** Every id that a threat can have with `rules`, and what it stands for. */
export function ruleFacts(rules: RuleSet): ReadonlyMap<string, RuleFacts> {
  const facts: RuleFacts[] = [
    ...rules.rules,
    ...Object.values(PAYLOAD_CHECKS).map((check) => ({ ...check, category: "malformed" as const })),
    ...TEXT_CATEGORIES.map((category) => ({
      id: `M2M-HYDRA-${category.toUpperCase()}`,
      name: `Reads like ${HYDRA_SUBJECTS[category]}`,
      category,
      severity: "high" as const,
      description: `The classifier Hydra takes the text for ${HYDRA_SUBJECTS[category]}.`,
    })),
  ];
  return new Map(facts.map((fact) => [fact.id, fact]));
}
