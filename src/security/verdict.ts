import { THREAT_CATEGORIES, type ScanResult, type ThreatCategory } from "./types.js";

/** What the scores of content come to. */
export type Verdict = Pick<ScanResult, "safe" | "score" | "threatType" | "confidence" | "scores">;

/**
 * The verdict on content with these scores: the highest category decides, the first of equals.
 * @param scores calibrated probabilities, 0 to 1; a category that was not looked for has 0
 * @param threshold score, over 0 to 1, from which content is unsafe
 */
export function verdictOf(scores: Readonly<Record<ThreatCategory, number>>, threshold: number): Verdict {
  const top = THREAT_CATEGORIES.reduce((a, b) => (scores[b] > scores[a] ? b : a));
  const score = scores[top];
  const safe = score < threshold;
  return safe
    ? { safe, score, confidence: 1 - score, scores }
    : { safe, score, threatType: top, confidence: score, scores };
}

/** The scores of content in which nothing was found. */
export function noScores(): Record<ThreatCategory, number> {
  return { injection: 0, jailbreak: 0, exfiltration: 0, malformed: 0 };
}
