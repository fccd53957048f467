import type { ScannedInput, ScanResult, Threat } from "../../../src/security/index.js";

/** A threat with the members that a test cares about. */
export function threat(members: Partial<Threat> & { pointer?: string; line?: number } = {}): Threat {
  const { pointer = "", line = 1, ...rest } = members;
  return {
    id: "M2M-INJ-001",
    name: "Override of earlier instructions",
    category: "injection",
    severity: "critical",
    location: { pointer, offset: 0, length: 6, line },
    match: "Ignore previous instructions",
    excerpt: "Ignore previous instructions",
    score: 0.98,
    source: "rule",
    ...rest,
  };
}

/** The result of a scan at the threshold 0.8 that found `threats`. */
export function resultOf(threats: readonly Threat[]): ScanResult {
  const scores = { injection: 0, jailbreak: 0, exfiltration: 0, malformed: 0 };
  for (const { category, score } of threats) scores[category] = Math.max(scores[category], score);
  const [top] = [...threats].sort((a, b) => b.score - a.score);
  const score = top?.score ?? 0;
  const safe = score < 0.8;
  return {
    safe,
    score,
    ...(safe ? {} : { threatType: top.category }),
    confidence: safe ? 1 - score : score,
    scores,
    threats,
    shouldBlock: !safe,
  };
}

export function inputOf(threats: readonly Threat[], place: Omit<ScannedInput, "result"> = {}): ScannedInput {
  return { ...place, result: resultOf(threats) };
}
