import { isDisguised, ruleEvidence, type Evidence } from "./evidence.js";
import type { HydraModel, HydraPrediction } from "./hydra/index.js";
import type { RuleHit, RuleSet } from "./rules/index.js";
import { viewsOf, type TextView } from "./text/index.js";
import type { Segment } from "./types.js";

/** What one reading of a segment shows, and where. */
export interface Judgement {
  readonly segment: Segment;
  readonly view: TextView;
  readonly hits: readonly RuleHit[];
  readonly prediction?: HydraPrediction;
  readonly evidence: Evidence;
}

/** Reads each segment in all its views with the detectors that are given. */
export async function judgeSegments(
  segments: readonly Segment[],
  { rules, model }: { rules?: RuleSet; model?: HydraModel },
): Promise<Judgement[]> {
  const readings = segments.flatMap((segment) => viewsOf(segment.text).map((view) => ({ segment, view })));
  const predictions = await model?.predictBatch(readings.map(({ view }) => view.text));
  return readings.map(({ segment, view }, index) => {
    const hits = rules?.match(view.text, segment.context) ?? [];
    const prediction = predictions?.[index];
    const evidence: Evidence = {
      ...ruleEvidence(hits),
      ...(prediction && hydraEvidence(prediction)),
      disguised: isDisguised(view),
      trusted: segment.context === "system",
    };
    return { segment, view, hits, prediction, evidence };
  });
}

function hydraEvidence({ threat, security }: HydraPrediction): Pick<Evidence, "unsafeLogit" | "hydra"> {
  const safe = threat?.probabilities.SAFE ?? 1 - security.probabilities.UNSAFE;
  const unsafe = 1 - safe;
  return {
    unsafeLogit: Math.log(Math.max(unsafe, 1e-9) / Math.max(safe, 1e-9)),
    hydra: {
      // The published weights know no kinds: what they find is taken for the most general one.
      injection: threat ? threat.probabilities.INJECTION : unsafe,
      jailbreak: threat?.probabilities.JAILBREAK ?? 0,
      exfiltration: threat?.probabilities.EXFILTRATION ?? 0,
    },
  };
}
