import type { RuleHit } from "./rules/index.js";
import type { TextView } from "./text/index.js";
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

/** Whether `view` shows that somebody did not want the text to be read by machines. */
export function isDisguised(view: TextView): boolean {
  return view.layers.length > 0 || hasScatteredCapitals(view.text);
}

const WORD = /(?<![A-Za-z])[A-Za-z]{4,24}(?![A-Za-z])/g;
/** Words that are looked at, from the start of the text. */
const MAX_WORDS = 200;
const MIN_SCATTERED = 4;

/** Capitals as in `wRiTe a sToRy`: in at least two of five words every other letter or more changes its case. */
function hasScatteredCapitals(text: string): boolean {
  let words = 0;
  let scattered = 0;
  for (const [word] of text.slice(0, MAX_WORDS * 16).matchAll(WORD)) {
    if (++words > MAX_WORDS) break;
    let changes = 0;
    for (let i = 1; i < word.length; i++) if (isCapital(word, i) !== isCapital(word, i - 1)) changes++;
    // `Word` changes once, `camelCase` twice; what has more parts, such as `getElementById`, has longer ones.
    if (changes > 2 && changes * 2 >= word.length) scattered++;
  }
  return scattered >= MIN_SCATTERED && scattered * 5 >= words * 2;
}

function isCapital(word: string, at: number): boolean {
  return word.charCodeAt(at) < 0x61;
}
