import { DigestTable } from "../shared/digest-table.js";
import { tryNodeModule } from "../shared/platform.js";
import { TEXT_CATEGORIES, type TextCategory } from "./evidence.js";
import type { SegmentFinding } from "./report/threats.js";
import type { Segment } from "./types.js";

/** What was found in the text of a segment, in all its readings. */
export interface SegmentVerdict {
  /** The highest score by category, 0 to 1. */
  readonly scores: Record<TextCategory, number>;
  readonly findings: SegmentFinding[];
}

/** A text with more findings is judged again: a memory of them would have no bound. */
const MAX_FINDINGS = 16;

type Hash = (algorithm: string, data: string, encoding: "binary") => string;

/**
 * Verdicts on texts, so that one that comes again is not judged again: each turn of a conversation brings all that were
 * before. Texts are known by the SHA-256 of what a verdict depends on; who could make two of one digest
 * could hide one behind the other. Those that were not used for long are forgotten.
 */
export class SegmentVerdicts {
  readonly #table: DigestTable<SegmentFinding[]>;
  readonly #hash: Hash;

  private constructor(maxEntries: number, hash: Hash) {
    this.#table = new DigestTable(maxEntries, TEXT_CATEGORIES.length);
    this.#hash = hash;
  }

  /**
   * An empty memory; none where the platform has no SHA-256 that is not waited for.
   * @param maxEntries most take 64 bytes
   */
  static tryCreate(maxEntries: number): SegmentVerdicts | undefined {
    const crypto = tryNodeModule("crypto");
    return crypto && new SegmentVerdicts(maxEntries, crypto.hash);
  }

  /** How `segment` is known. @param isCovered whether Hydra reads it in a joined segment */
  keyOf({ text, context, parts }: Segment, isCovered: boolean): string {
    const facts = `${context} ${isCovered ? "covered" : "own"} ${parts ? "joined" : "alone"} ${text}`;
    return this.#hash("sha256", facts, "binary");
  }

  get(key: string): SegmentVerdict | undefined {
    const table = this.#table;
    const place = table.find(key);
    if (place < 0) return undefined;
    const scores = {
      injection: table.numberAt(place, 0),
      jailbreak: table.numberAt(place, 1),
      exfiltration: table.numberAt(place, 2),
    };
    return { scores, findings: table.detailAt(place) ?? [] };
  }

  set(key: string, { scores: { injection, jailbreak, exfiltration }, findings }: SegmentVerdict): void {
    if (findings.length > MAX_FINDINGS) return;
    const detail = findings.length > 0 ? findings : undefined;
    this.#table.add(key, [injection, jailbreak, exfiltration], detail);
  }

  get size(): number {
    return this.#table.size;
  }
}

/** The segments of one document, and the verdicts on them that are remembered. */
export class KnownSegments {
  /** Those without a verdict. */
  readonly fresh: readonly Segment[];
  /** The verdict on each segment, by its place; all absent if nothing is remembered. */
  readonly verdicts: readonly (SegmentVerdict | undefined)[];
  readonly #memory: SegmentVerdicts | undefined;
  readonly #keys: readonly string[];

  /** @param covered pointers of strings that Hydra reads in a joined segment */
  constructor(
    memory: SegmentVerdicts | undefined,
    segments: readonly Segment[],
    covered: ReadonlySet<string>,
  ) {
    this.#memory = memory;
    this.#keys = memory ? segments.map((one) => memory.keyOf(one, covered.has(one.pointer))) : [];
    const verdicts = memory ? this.#keys.map((key) => memory.get(key)) : [];
    this.verdicts = verdicts;
    this.fresh = memory ? segments.filter((_, index) => verdicts[index] === undefined) : segments;
  }

  /** Keeps the verdict on the segment at `index`, unless it is one of those that were there. */
  remember(index: number, verdict: SegmentVerdict): void {
    if (this.#memory && this.verdicts[index] === undefined) this.#memory.set(this.#keys[index], verdict);
  }
}
