import type { ContentScanner } from "../codec/index.js";
import { assertFunctions, assertList, assertNumbers, assertOptions, assertWhole } from "../shared/bounds.js";
import { assertContent } from "../shared/content.js";
import { InputError } from "../shared/errors.js";
import { assertKey } from "../shared/keys.js";
import { resolveLimits } from "../shared/limits.js";
import { DEFAULT_BLOCK_THRESHOLD, DETECTORS, type Detector } from "../shared/security-options.js";
import { splitContent, type SplitOptions } from "./content/index.js";
import type { TextCategory } from "./evidence.js";
import { categoryScores, fusionFor } from "./fusion/index.js";
import type { HydraModel } from "./hydra/index.js";
import { joinedPointers, judgeSlices } from "./judge.js";
import { PAYLOAD_CHECKS } from "./payload/index.js";
import { segmentFindings, ThreatReport, type SegmentFinding } from "./report/threats.js";
import { RuleSet } from "./rules/index.js";
import { KnownSegments, SegmentVerdicts, type SegmentVerdict } from "./segment-verdicts.js";
import { slicesOf, type Slice } from "./slices.js";
import {
  SEGMENT_CONTEXTS,
  THREAT_CATEGORIES,
  type ScanResult,
  type Segment,
  type SegmentContext,
  type ThreatCategory,
} from "./types.js";
import { noScores, verdictOf } from "./verdict.js";
import { loadBuiltinHydra } from "./weights-folder.js";

/** More threats than this say no more to a reader. */
export const DEFAULT_MAX_THREATS = 100;

export interface ScannerOptions extends Pick<SplitOptions, "key" | "limits"> {
  /** Default `both`. */
  readonly detector?: Detector;
  /** Score, over 0 to 1, from which content is unsafe. Default 0.8. */
  readonly threshold?: number;
  /** Only these count. Default: all. */
  readonly categories?: readonly ThreatCategory[];
  /** Default: the rules of the package. */
  readonly rules?: RuleSet;
  /** Default: the weights of the package, loaded by the first scan. */
  readonly model?: HydraModel;
  /** So many texts are not judged again when they come again, where Node's SHA-256 tells which do. Default 0; at most 2^24. */
  readonly rememberedTexts?: number;
}

export interface ScanOptions {
  /** Where all of it comes from. Default: each message of a request has its role's, another text is `text`. */
  readonly context?: SegmentContext;
  /** The most threats that are listed, those of the highest scores. Default 100. */
  readonly maxThreats?: number;
  /** Waited for now and then in a long scan, so that others have their turn. */
  readonly pause?: () => Promise<void>;
}

/** A GiB of verdicts, at 64 bytes each. */
const MAX_REMEMBERED_TEXTS = 2 ** 24;

/** UTF-16 units that are judged without a pause: a few milliseconds. */
const UNITS_BETWEEN_PAUSES = 2048;

/**
 * Looks for prompt injection, jailbreaks, exfiltration and malformed payloads in content before it goes on the wire.
 * One instance may be kept for the life of a process.
 */
export class SecurityScanner implements ContentScanner<ScanResult> {
  readonly #options: ScannerOptions;
  readonly #rules: RuleSet;
  readonly #threshold: number;
  #memory: SegmentVerdicts | undefined;
  #blocking = false;
  #model: Promise<HydraModel> | undefined;
  /** What `#model` comes to, once it is there. */
  #loaded: HydraModel | undefined;

  /** @throws {InputError} `M2M_USAGE` if a number is out of range, or a category or the detector unknown; `M2M_KEY_INVALID` */
  constructor(options: ScannerOptions = {}) {
    assertOptions("The options", options);
    assertKey(options.key);
    resolveLimits(options.limits);
    this.#options = options;
    this.#threshold = checkThreshold(options.threshold ?? DEFAULT_BLOCK_THRESHOLD);
    this.#rules = options.rules ?? RuleSet.builtin();
    checkCategories(options.categories);
    checkDetector(options.detector);
    this.#loaded = options.model;
    const { rememberedTexts = 0 } = options;
    assertWhole({ rememberedTexts }, 0, MAX_REMEMBERED_TEXTS);
    if (rememberedTexts > 0) this.#memory = SegmentVerdicts.tryCreate(rememberedTexts);
  }

  /**
   * This scanner with blocking: its results say `shouldBlock` from `threshold` on.
   * @param threshold score over 0 to 1; default: the scanner's own
   * @throws {InputError} `M2M_USAGE`
   */
  withBlocking(threshold: number = this.#threshold): SecurityScanner {
    const scanner = new SecurityScanner({ ...this.#options, rules: this.#rules, threshold });
    scanner.#blocking = true;
    scanner.#model = this.#model;
    scanner.#loaded = this.#loaded;
    // The scores are the same, whatever the threshold.
    scanner.#memory = this.#memory;
    return scanner;
  }

  /**
   * What `content` holds: an LLM request, any JSON, a text, or a wire of one.
   * @throws {InputError} `M2M_USAGE` if it is neither text nor bytes, or an option is wrong; `M2M_WEIGHTS_MISSING` and
   * the like, if Hydra cannot be loaded
   * Never throws for what the content is: what cannot be read is a finding.
   */
  async scan(content: string | Uint8Array, options: ScanOptions = {}): Promise<ScanResult> {
    assertOptions("The options", options);
    const { context, maxThreats = DEFAULT_MAX_THREATS, pause } = options;
    assertContent("A content", content);
    assertNumbers({ maxThreats }, 0);
    assertFunctions({ pause });
    checkContext(context);
    const { key, limits, detector = "both" } = this.#options;
    const split = splitContent(content, { key, limits, context });
    const { segments } = split;
    // What is there already is not waited for.
    const model = detector === "rules" ? undefined : (this.#loaded ?? (await this.#hydra()));
    const fusion = fusionFor(detector, model);
    const rules = detector === "hydra" ? undefined : this.#rules;
    const report = new ThreatReport(split.document, split.wires);
    for (const finding of split.findings) report.addPayload(finding);
    const covered = model ? joinedPointers(segments) : NONE_COVERED;
    const known = new KnownSegments(this.#memory, segments, covered);
    /** Of those without a verdict, in their order; without those that no detector has anything to say about. */
    const judged: { readonly segment: Segment; readonly verdict: SegmentVerdict }[] = [];
    /** Of the last segment. */
    const listed = new Set<string>();
    let isFirst = true;
    const slices = known.fresh.flatMap(slicesOf);
    for (const piece of pause ? inTurns(slices) : [slices]) {
      if (!isFirst) await pause?.();
      isFirst = false;
      // The readings of a segment, and of its slices, follow one another.
      for (const judgement of await judgeSlices(piece, { rules, model, covered })) {
        const found = categoryScores(fusion, judgement.evidence, this.#options.categories);
        const findings = segmentFindings(judgement, found);
        const { segment } = judgement;
        const last = judged.at(-1);
        if (last?.segment === segment) {
          raise(last.verdict.scores, found);
          for (const finding of withoutRepetition(findings, listed)) last.verdict.findings.push(finding);
        } else {
          listed.clear();
          judged.push({ segment, verdict: { scores: found, findings: withoutRepetition(findings, listed) } });
        }
      }
    }
    const scores = noScores();
    let next = 0;
    // In the order of the document, wherever a verdict comes from.
    for (let index = 0; index < segments.length; index++) {
      const isJudged = judged[next]?.segment === segments[index];
      const verdict = known.verdicts[index] ?? (isJudged ? judged[next++].verdict : nothingFound());
      if (verdict.findings.length > 0) report.addFindings(segments[index], verdict.findings);
      raise(scores, verdict.scores);
      known.remember(index, verdict);
    }
    // There may be more findings than a call takes arguments.
    for (const { check } of split.findings) scores.malformed = Math.max(scores.malformed, check.weight);
    const isSealed = split.findings.some(
      ({ check, pointer }) => check === PAYLOAD_CHECKS.sealedWire && pointer === "",
    );
    return Object.assign(this.#verdict(scores, report, maxThreats), isSealed && SEALED);
  }

  #verdict(scores: Record<ThreatCategory, number>, report: ThreatReport, most: number): ScanResult {
    const wanted = this.#options.categories ?? THREAT_CATEGORIES;
    for (const category of THREAT_CATEGORIES) if (!wanted.includes(category)) scores[category] = 0;
    const verdict = verdictOf(scores, this.#threshold);
    const rest = { threats: report.threats(wanted, most), shouldBlock: this.#blocking && !verdict.safe };
    return Object.assign(verdict, rest);
  }

  async #hydra(): Promise<HydraModel> {
    this.#model ??= loadBuiltinHydra();
    try {
      return (this.#loaded = await this.#model);
    } catch (error) {
      // A failed load is tried again by the next scan: the weights may have been put in place meanwhile.
      this.#model = undefined;
      throw error;
    }
  }
}

const SEALED = { sealed: true } as const;
const NONE_COVERED: ReadonlySet<string> = new Set();

/** `slices` in pieces between which others may have their turn. */
function inTurns(slices: readonly Slice[]): readonly (readonly Slice[])[] {
  const pieces: (readonly Slice[])[] = [];
  let start = 0;
  let units = 0;
  for (let index = 0; index < slices.length; index++) {
    units += slices[index].text.length;
    if (units < UNITS_BETWEEN_PAUSES) continue;
    pieces.push(slices.slice(start, index + 1));
    start = index + 1;
    units = 0;
  }
  if (start < slices.length) pieces.push(start === 0 ? slices : slices.slice(start));
  return pieces;
}

/** Where slices of a segment overlap, both of them show the same. */
function withoutRepetition(findings: readonly SegmentFinding[], listed: Set<string>): SegmentFinding[] {
  return findings.filter(({ id, start, end, layers }) => {
    const key = [id, start, end, ...layers].join();
    return !listed.has(key) && listed.add(key);
  });
}

function raise(scores: Record<TextCategory, number>, found: Readonly<Record<TextCategory, number>>): void {
  scores.injection = Math.max(scores.injection, found.injection);
  scores.jailbreak = Math.max(scores.jailbreak, found.jailbreak);
  scores.exfiltration = Math.max(scores.exfiltration, found.exfiltration);
}

function nothingFound(): SegmentVerdict {
  return { scores: noScores(), findings: [] };
}

function checkThreshold(threshold: number): number {
  if (typeof threshold === "number" && threshold > 0 && threshold <= 1) return threshold;
  throw new InputError("M2M_USAGE", "A threshold is a number over 0, at most 1.");
}

function checkCategories(categories: readonly ThreatCategory[] | undefined): void {
  if (categories === undefined) return;
  assertList("The categories", categories);
  if (categories.length > 0 && categories.every((category) => THREAT_CATEGORIES.includes(category))) return;
  throw new InputError("M2M_USAGE", `A category is one of ${THREAT_CATEGORIES.join(", ")}.`);
}

function checkDetector(detector: Detector | undefined): void {
  if (detector === undefined || DETECTORS.includes(detector)) return;
  throw new InputError("M2M_USAGE", `A detector is one of ${DETECTORS.join(", ")}.`);
}

function checkContext(context: SegmentContext | undefined): void {
  if (context === undefined || SEGMENT_CONTEXTS.includes(context)) return;
  throw new InputError("M2M_USAGE", `A context is one of ${SEGMENT_CONTEXTS.join(", ")}.`);
}
