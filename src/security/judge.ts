import { isDecoded, isDisguised, ruleEvidence, type Evidence } from "./evidence.js";
import type { AssessedText, HydraAssessment, HydraModel } from "./hydra/index.js";
import type { RuleHit, RuleSet } from "./rules/index.js";
import { viewsOf, type TextView } from "./text/index.js";
import type { Slice } from "./slices.js";
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
  /** Pointers of strings that Hydra reads in a joined segment. Default: those of the slices' segments. */
  readonly covered?: ReadonlySet<string>;
}

/** Reads each slice in all its views with the detectors that are given. */
export async function judgeSlices(
  slices: readonly Slice[],
  { rules, model, covered = joinedPointers(slices.map(({ segment }) => segment)) }: JudgeOptions,
): Promise<Judgement[]> {
  const texts = new AssessedTexts();
  const readings: Reading[] = [];
  for (const { segment, start, text } of slices) {
    for (const read of viewsOf(text)) {
      const view = start === 0 ? read : shifted(read, start);
      const hits = rules === undefined ? NO_HITS : rules.match(view.text, segment.context);
      const disguised = isDisguised(view);
      const isSuspicious = hits.length > 0 || disguised;
      const isForHydra =
        model !== undefined &&
        (view.layers.length > 0 || segment.parts !== undefined || !covered.has(segment.pointer)) &&
        LETTER.test(view.text);
      // What nobody reads says nothing, which is not the same as evidence of nothing.
      if (!isForHydra && !isSuspicious) continue;
      const place = isForHydra ? texts.add(view.text, isSuspicious) : undefined;
      readings.push({ segment, view, hits, disguised, place });
    }
  }
  const assessments = texts.list.length > 0 ? await model!.assessBatch(texts.list) : [];
  return readings.map(({ segment, view, hits, disguised, place }) => {
    const prediction = place === undefined ? undefined : assessments[place];
    const trusted = segment.context === "system";
    // Written out: spreading three objects into one, for each text, takes as long as matching the rules.
    const { rules: byRules, strongestRule } = ruleEvidence(hits);
    if (prediction === undefined) {
      const evidence: Evidence = { rules: byRules, strongestRule, disguised, trusted };
      return { segment, view, hits, prediction, evidence };
    }
    const { unsafeLogit, hydra } = hydraEvidence(prediction);
    // A slice is taken for as long as what it was cut from, and so are words whose formatting is gone.
    const units = isDecoded(view) ? view.text.length : segment.text.length;
    const evidence: Evidence = {
      rules: byRules,
      strongestRule,
      unsafeLogit,
      hydra,
      disguised,
      trusted,
      units,
    };
    return { segment, view, hits, prediction, evidence };
  });
}

/** The view of a slice that begins at `start`, mapped to the text of the segment. */
function shifted({ text, layers, toSource }: TextView, start: number): TextView {
  return {
    text,
    layers,
    toSource(from, to) {
      const inSlice = toSource(from, to);
      return { start: start + inSlice.start, end: start + inSlice.end };
    },
  };
}

const NO_HITS: readonly RuleHit[] = [];

/** Hydra has learnt from texts: numbers and signs alone are none, and it would guess. */
const LETTER = /\p{L}/u;

/** One reading of a segment, before Hydra has read it: in the text at `place`, if at all. */
interface Reading extends Pick<Judgement, "segment" | "view" | "hits"> {
  readonly disguised: boolean;
  readonly place: number | undefined;
}

/** Texts for Hydra: what stands there twice is judged once. */
class AssessedTexts {
  readonly list: AssessedText[] = [];
  /** Of those that are suspicious, and of the others. */
  #suspicious: Map<string, number> | undefined;
  #others: Map<string, number> | undefined;

  /** Returns the place of the text in the list. */
  add(text: string, suspicious: boolean): number {
    const places = suspicious
      ? (this.#suspicious ??= new Map<string, number>())
      : (this.#others ??= new Map<string, number>());
    let place = places.get(text);
    if (place === undefined) places.set(text, (place = this.list.push({ text, suspicious }) - 1));
    return place;
  }
}

const NO_POINTERS: ReadonlySet<string> = new Set();

/** Strings that a joined segment holds too: Hydra reads them there, in windows as narrow as they are. */
export function joinedPointers(segments: readonly Segment[]): ReadonlySet<string> {
  let pointers: Set<string> | undefined;
  for (const { parts } of segments) {
    if (!parts) continue;
    pointers ??= new Set();
    for (const { pointer } of parts) pointers.add(pointer);
  }
  return pointers ?? NO_POINTERS;
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
