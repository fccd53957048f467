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

export interface JudgeOptions {
  readonly rules?: RuleSet;
  readonly model?: HydraModel;
  /** Pointers of strings that Hydra reads in a joined segment. Default: those of `segments`. */
  readonly covered?: ReadonlySet<string>;
}

/** Reads each segment in all its views with the detectors that are given. */
export async function judgeSegments(
  segments: readonly Segment[],
  { rules, model, covered = joinedPointers(segments) }: JudgeOptions,
): Promise<Judgement[]> {
  const readings = segments.flatMap((segment) => viewsOf(segment.text).map((view) => ({ segment, view })));
  // A text that stands there twice is judged once.
  const texts = new Set<string>();
  const isForHydra = (segment: Segment, view: TextView): boolean =>
    view.layers.length > 0 || segment.parts !== undefined || !covered.has(segment.pointer);
  if (model) for (const { segment, view } of readings) if (isForHydra(segment, view)) texts.add(view.text);
  const predictions = await model?.predictBatch(Array.from(texts));
  const predictionOf = new Map<string, HydraPrediction>();
  if (predictions) for (const text of texts) predictionOf.set(text, predictions[predictionOf.size]);
  return readings.map(({ segment, view }) => {
    const hits = rules?.match(view.text, segment.context) ?? [];
    const prediction = isForHydra(segment, view) ? predictionOf.get(view.text) : undefined;
    const evidence: Evidence = {
      ...ruleEvidence(hits),
      ...(prediction && hydraEvidence(prediction)),
      disguised: isDisguised(view),
      trusted: segment.context === "system",
    };
    return { segment, view, hits, prediction, evidence };
  });
}

/** Strings that a joined segment holds too: Hydra reads them there, in windows as narrow as they are. */
export function joinedPointers(segments: readonly Segment[]): ReadonlySet<string> {
  return new Set(segments.flatMap(({ parts }) => parts?.map(({ pointer }) => pointer) ?? []));
}

/** The odds of Hydra's prediction, and its kinds. */
export function hydraEvidence({
  threat,
  security,
}: Pick<HydraPrediction, "threat" | "security">): Pick<Evidence, "unsafeLogit" | "hydra"> {
  const unsafe = security.probabilities.UNSAFE;
  return {
    unsafeLogit: Math.log(Math.max(unsafe, 1e-9) / Math.max(1 - unsafe, 1e-9)),
    hydra: {
      // The published weights know no kinds: what they find is taken for the most general one.
      injection: threat ? threat.probabilities.INJECTION : unsafe,
      jailbreak: threat?.probabilities.JAILBREAK ?? 0,
      exfiltration: threat?.probabilities.EXFILTRATION ?? 0,
    },
  };
}
