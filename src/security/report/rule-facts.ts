import { TEXT_CATEGORIES, type TextCategory } from "../evidence.js";
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

const HYDRA_SUBJECTS: Readonly<Record<TextCategory, readonly [name: string, meaning: string]>> = {
  injection: ["a prompt injection", "instructions to the model that are not the operator's"],
  jailbreak: ["a jailbreak", "an attempt to talk a model out of its rules"],
  exfiltration: ["an exfiltration of data", "an attempt to get at data and send it away"],
};

/** What a verdict of Hydra is called. Its severity is that of its score; here stands the common one. */
export function hydraFacts(category: TextCategory): RuleFacts {
  const [name, meaning] = HYDRA_SUBJECTS[category];
  return {
    id: `M2M-HYDRA-${category.toUpperCase()}`,
    name: `Reads like ${name}`,
    category,
    severity: "high",
    description: `The classifier Hydra takes the text for ${meaning}.`,
  };
}

/** Every id that a threat can have with `rules`, and what it stands for. */
export function ruleFacts(rules: RuleSet): ReadonlyMap<string, RuleFacts> {
  const facts: RuleFacts[] = [
    ...rules.rules,
    ...Object.values(PAYLOAD_CHECKS).map((check) => ({ ...check, category: "malformed" as const })),
    ...TEXT_CATEGORIES.map(hydraFacts),
  ];
  return new Map(facts.map((fact) => [fact.id, fact]));
}
