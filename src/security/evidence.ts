import type { RuleHit } from "./rules/index.js";
import { FORMATTING, isLetter, type TextView } from "./text/index.js";
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
  /** The text had to be decoded to be seen, or its capitals are scattered over its words. */
  readonly disguised: boolean;
  /** It is the operator's own word: a system prompt. */
  readonly trusted: boolean;
  /** UTF-16 units of the text. Default: few. */
  readonly units?: number;
}

/** A single rule says no more than this, whatever its weight. */
const MOST_CERTAIN = 0.99;

/** Sums the evidence of `hits`, each rule once. */
export function ruleEvidence(hits: readonly RuleHit[]): Pick<Evidence, "rules" | "strongestRule"> {
  const rules = { injection: 0, jailbreak: 0, exfiltration: 0 };
  let strongestRule = 0;
  // Nearly all texts.
  if (hits.length === 0) return { rules, strongestRule };
  for (const rule of new Set(hits.map((hit) => hit.rule))) {
    if (rule.category === "malformed") continue;
    rules[rule.category] -= Math.log(1 - Math.min(rule.weight, MOST_CERTAIN));
    strongestRule = Math.max(strongestRule, rule.weight);
  }
  return { rules, strongestRule };
}

/** Whether `view` is something else than the text as it is shown. */
export function isDecoded({ layers }: TextView): boolean {
  return layers.some((layer) => layer !== FORMATTING);
}

/** Whether `view` shows that somebody did not want the text to be read by machines. */
export function isDisguised(view: TextView): boolean {
  return isDecoded(view) || hasScatteredCapitals(view.text);
}

/** Letters of ASCII of a word that is looked at. */
const MIN_LETTERS = 4;
const MAX_LETTERS = 24;
/** Words that are looked at, from the start of the text. */
const MAX_WORDS = 200;
const MIN_SCATTERED = 4;

/** Capitals as in `wRiTe a sToRy`: in at least two of five words every other letter or more changes its case. */
function hasScatteredCapitals(text: string): boolean {
  let words = 0;
  let scattered = 0;
  const limit = Math.min(text.length, MAX_WORDS * 16);
  for (let at = 0; at < limit && words <= MAX_WORDS; at++) {
    const start = at;
    let changes = 0;
    for (let before = 0; at < limit; at++) {
      const unit = text.charCodeAt(at);
      if (!isLetter(unit)) break;
      // Capitals and small letters differ in this bit.
      if (at > start && ((unit ^ before) & 32) !== 0) changes++;
      before = unit;
    }
    const length = at - start;
    if (length < MIN_LETTERS || length > MAX_LETTERS || ++words > MAX_WORDS) continue;
    // `Word` changes once, `camelCase` twice; what has more parts, such as `getElementById`, has longer ones.
    if (changes > 2 && changes * 2 >= length) scattered++;
  }
  return scattered >= MIN_SCATTERED && scattered * 5 >= words * 2;
}
