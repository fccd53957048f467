import { isDisguised, ruleEvidence, type Evidence } from "./evidence.js";
import type { AssessedText, HydraAssessment, HydraModel } from "./hydra/index.js";
import type { RuleHit, RuleSet } from "./rules/index.js";
import { viewsOf, type TextView } from "./text/index.js";
import type { Segment } from "./types.js";

/** What one reading of a segment shows, and where. */
export interface Judgement {
  readonly segment: Segment;
  readonly view: TextView;
  readonly hits: readonly RuleHit[];
  readonly prediction?: HydraAssessment;
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
  const texts = new AssessedTexts();
  const readings = segments.flatMap((segment) =>
    viewsOf(segment.text).map((view) => {
      const hits = rules?.match(view.text, segment.context) ?? [];
      const disguised = isDisguised(view);
      const isForHydra = model && (view.layers.length > 0 || segment.parts || !covered.has(segment.pointer));
      const place = isForHydra ? texts.add(view.text, hits.length > 0 || disguised) : undefined;
      return { segment, view, hits, disguised, place };
    }),
  );
  const assessments = (await model?.assessBatch(texts.list)) ?? [];
  return readings.map(({ segment, view, hits, disguised, place }) => {
    const prediction = place === undefined ? undefined : assessments[place];
    const evidence: Evidence = {
      ...ruleEvidence(hits),
      ...(prediction && hydraEvidence(prediction)),
      disguised,
      trusted: segment.context === "system",
    };
    return { segment, view, hits, prediction, evidence };
  });
}

/** Texts for Hydra: what stands there twice is judged once. */
class AssessedTexts {
  readonly list: AssessedText[] = [];
  readonly #places = [new Map<string, number>(), new Map<string, number>()];

  /** Returns the place of the text in the list. */
  add(text: string, suspicious: boolean): number {
    const places = this.#places[Number(suspicious)];
    let place = places.get(text);
    if (place === undefined) places.set(text, (place = this.list.push({ text, suspicious }) - 1));
    return place;
  }
}

/** Strings that a joined segment holds too: Hydra reads them there, in windows as narrow as they are. */
export function joinedPointers(segments: readonly Segment[]): ReadonlySet<string> {
  return new Set(segments.flatMap(({ parts }) => parts?.map(({ pointer }) => pointer) ?? []));
}

/** The odds of Hydra's prediction, and its kinds. */
export function hydraEvidence({
  threat,
  security,
}: Pick<HydraAssessment, "threat" | "security">): Pick<Evidence, "unsafeLogit" | "hydra"> {
  const unsafe = security.probabilities.UNSAFE;
  return {
    unsafeLogit: Math.log(Math.max(unsafe, 1e-9) / Math.max(1 - unsafe, 1e-9)),
    hydra: {
      // Where no kind is known, what is found is taken for the most general one.
      injection: threat ? threat.probabilities.INJECTION : unsafe,
      jailbreak: threat?.probabilities.JAILBREAK ?? 0,
      exfiltration: threat?.probabilities.EXFILTRATION ?? 0,
    },
  };
}
