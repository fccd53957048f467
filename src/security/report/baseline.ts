import { FormatError } from "../../shared/errors.js";
import { isJsonObject } from "../../shared/json-value.js";
import { THREAT_CATEGORIES, type ScanResult, type Threat, type ThreatCategory } from "../types.js";
import { verdictOf } from "../verdict.js";
import { findingsOf, fingerprintOf, type ScannedInput } from "./scanned-input.js";

/** A finding that somebody has looked at and accepts. Only the fingerprint counts; the rest is for the reader. */
export interface KnownFinding {
  readonly fingerprint: string;
  readonly id: string;
  readonly category: ThreatCategory;
  readonly file?: string;
  readonly pointer?: string;
  readonly excerpt: string;
}

/** The findings of `input` as a baseline keeps them. */
export function knownFindings(input: ScannedInput, threshold: number): KnownFinding[] {
  return findingsOf(input, threshold).map((threat) => ({
    fingerprint: fingerprintOf(input, threat),
    id: threat.id,
    category: threat.category,
    ...(input.file === undefined ? {} : { file: input.file }),
    ...(threat.location.pointer === "" ? {} : { pointer: threat.location.pointer }),
    excerpt: threat.excerpt,
  }));
}

/** The text of a baseline: one finding a line, in an order that scans of the same files repeat. */
export function renderBaseline(findings: Iterable<KnownFinding>): string {
  const unique = new Map([...findings].map((finding) => [finding.fingerprint, finding]));
  const lines = [...unique.values()]
    .sort((a, b) => compare(a.file ?? "", b.file ?? "") || compare(a.fingerprint, b.fingerprint))
    .map((finding) => `    ${JSON.stringify(finding)}`);
  const list = lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n  ]`;
  return `{\n  "version": 1,\n  "findings": ${list}\n}\n`;
}

/**
 * The findings of the text of a baseline, by fingerprint.
 * @param name what messages call it: its file
 * @throws {FormatError} `M2M_BASELINE_INVALID`
 */
export function parseBaseline(text: string, name: string): ReadonlyMap<string, KnownFinding> {
  const document = tryParse(text);
  if (!isJsonObject(document) || document.version !== 1 || !Array.isArray(document.findings)) {
    throw invalid(`${name} is no baseline of m2m: a JSON object with version 1 and findings.`);
  }
  const findings = new Map<string, KnownFinding>();
  for (const [index, finding] of document.findings.entries()) {
    if (!isJsonObject(finding) || typeof finding.fingerprint !== "string" || finding.fingerprint === "") {
      throw invalid(`${name}: finding ${index} has no fingerprint.`);
    }
    findings.set(finding.fingerprint, finding as unknown as KnownFinding);
  }
  return findings;
}

/**
 * The result of `input` without what is known: that is not listed and scores nothing. The result has to list all its
 * threats (`maxThreats`), for what was cut off cannot be told from what is known.
 */
export function withoutKnown(
  input: ScannedInput,
  known: ReadonlyMap<string, KnownFinding>,
  threshold: number,
): ScanResult {
  const { result } = input;
  const threats: Threat[] = [];
  const removed: Threat[] = [];
  for (const threat of result.threats) {
    (known.has(fingerprintOf(input, threat)) ? removed : threats).push(threat);
  }
  if (removed.length === 0) return result;
  // The evidence of one place raises the scores of every category of words, that of structure its own alone.
  const wordsRemoved = removed.some(({ category }) => category !== "malformed");
  const structureRemoved = removed.some(({ category }) => category === "malformed");
  const scores = { ...result.scores };
  for (const category of THREAT_CATEGORIES) {
    if (!(category === "malformed" ? structureRemoved : wordsRemoved)) continue;
    const left = threats.filter((threat) => threat.category === category);
    // There may be more than a call takes arguments.
    const highest = left.reduce((most, { score }) => Math.max(most, score), 0);
    scores[category] = Math.min(scores[category], highest);
  }
  const verdict = verdictOf(scores, threshold);
  return { ...verdict, threats, shouldBlock: result.shouldBlock && !verdict.safe };
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/u, ""));
  } catch {
    return undefined;
  }
}

function invalid(message: string): FormatError {
  return new FormatError("M2M_BASELINE_INVALID", message, {
    hint: "`m2m scan --write-baseline` makes one.",
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
