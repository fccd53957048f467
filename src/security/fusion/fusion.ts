import type { FUSION_FEATURE_COUNT, LogisticLayer } from "../hydra/index.js";
import { TEXT_CATEGORIES, type Evidence, type TextCategory } from "../evidence.js";
import type { ThreatCategory } from "../types.js";

/** Names of the features, in the order of a fusion's coefficients. */
export const FEATURES = [
  "hydra unsafe logit",
  "hydra unsafe logit above 0",
  "rule evidence, the strongest category",
  "rule evidence, the other categories",
  "strongest rule",
  "strong rule and hydra agree",
  "disguised",
  "trusted",
] as const satisfies { length: typeof FUSION_FEATURE_COUNT };

const LARGEST_LOGIT = 8;
const LARGEST_EVIDENCE = 6;
/** The rules agree with Hydra if one of at least this weight hit. */
const STRONG_WEIGHT = 0.7;

/** The features of `evidence`; those of a detector that did not run are 0. */
export function features(evidence: Evidence): number[] {
  const logit = clamp(evidence.unsafeLogit ?? 0, -LARGEST_LOGIT, LARGEST_LOGIT);
  const { injection, jailbreak, exfiltration } = evidence.rules;
  const strongest = Math.max(injection, jailbreak, exfiltration);
  const others =
    strongest === injection
      ? jailbreak + exfiltration
      : strongest === jailbreak
        ? injection + exfiltration
        : injection + jailbreak;
  const strong = evidence.strongestRule >= STRONG_WEIGHT;
  return [
    logit,
    Math.max(0, logit),
    Math.min(strongest, LARGEST_EVIDENCE),
    Math.min(others, LARGEST_EVIDENCE),
    evidence.strongestRule,
    strong && logit > 0 ? 1 : 0,
    evidence.disguised ? 1 : 0,
    evidence.trusted ? 1 : 0,
  ];
}

/** A rule of weight 1 decides alone. */
const DECIDED = 0.99;

/** Probability, 0 to 1, that a text with this evidence is a threat. */
export function unsafeProbability(fusion: LogisticLayer, evidence: Evidence): number {
  const fused = fusedProbability(fusion, evidence);
  return evidence.strongestRule >= 1 ? Math.max(fused, DECIDED) : fused;
}

function fusedProbability(fusion: LogisticLayer, evidence: Evidence): number {
  const values = features(evidence);
  const { coefficients } = fusion;
  let sum = fusion.bias;
  for (let at = 0; at < coefficients.length; at++) sum += coefficients[at] * values[at];
  return 1 / (1 + Math.exp(-(sum - chance(evidence))));
}

/** Hydra has learnt from texts of about this length. */
const LEARNT_UNITS = 4000;
/** A text is taken for no longer than this many of those, or whoever makes his text long enough would pass. */
const MOST_LENGTHS = 16;
/** From this weight on a rule is no chance. */
const CERTAIN_WEIGHT = 0.5;

/**
 * What the log odds of a long text owe to its length: of many windows the most alarming one is alarming by chance. Half of the logarithm
 * of the number of lengths, as long as Hydra is alone in its opinion: measured on licences, manuals and source code, and on attacks inside of them.
 */
function chance({ unsafeLogit, strongestRule, units = 0 }: Evidence): number {
  if (unsafeLogit === undefined || strongestRule >= CERTAIN_WEIGHT || units <= LEARNT_UNITS) return 0;
  return 0.5 * Math.log(Math.min(units / LEARNT_UNITS, MOST_LENGTHS));
}

/** Evidence of the rules for a category that is evidence of its own: that of one rule of weight 0.5. */
const OWN_EVIDENCE = Math.LN2;
/** The same of Hydra, if it finds the text unsafe: the share of all categories together. */
const OWN_SHARE = 1 / 3;
/** What a category with evidence of its own may score less than the likeliest one: enough to tell them apart. */
const OWN_MARGIN = 0.001;

/**
 * Scores by category, 0 to 1, each the same whatever else is wanted. The likeliest category has the probability that the text
 * is unsafe at all: a text that is certainly an attack stays one if its kind is open. One with evidence of its own has hardly
 * less, since a text may be of several kinds; the others have as much of it as their share of the evidence.
 * @param wanted the others score 0
 */
export function categoryScores(
  fusion: LogisticLayer,
  evidence: Evidence,
  wanted: readonly ThreatCategory[] = TEXT_CATEGORIES,
): Record<TextCategory, number> {
  const unsafe = unsafeProbability(fusion, evidence);
  const scores = { injection: 0, jailbreak: 0, exfiltration: 0 };
  let largest = 0;
  for (const category of TEXT_CATEGORIES) {
    const share = (evidence.hydra?.[category] ?? 0) + 1 - Math.exp(-evidence.rules[category]);
    scores[category] = share;
    largest = Math.max(largest, share);
  }
  for (const category of TEXT_CATEGORIES) {
    if (!wanted.includes(category)) {
      scores[category] = 0;
      continue;
    }
    const share = largest > 0 ? scores[category] / largest : 1;
    const part = hasOwnEvidence(evidence, category) ? 1 - OWN_MARGIN * (1 - share) : share;
    scores[category] = unsafe * part;
  }
  return scores;
}

function hasOwnEvidence({ hydra, rules, unsafeLogit = 0 }: Evidence, category: TextCategory): boolean {
  if (rules[category] >= OWN_EVIDENCE) return true;
  if (!hydra || unsafeLogit <= 0) return false;
  return hydra[category] >= OWN_SHARE * (hydra.injection + hydra.jailbreak + hydra.exfiltration);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
