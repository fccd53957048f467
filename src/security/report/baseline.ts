import { FormatError } from "../../shared/errors.js";
import { isJsonObject } from "../../shared/json-value.js";
import { THREAT_CATEGORIES, type ScanResult, type Threat, type ThreatCategory } from "../types.js";
import { verdictOf } from "../verdict.js";
import { findingsOf, fingerprintOf, type ScannedInput } from "./scanned-input.js";

/** What `fingerprintOf` covers is part of the format: of another version no finding would be known. */
const VERSION = 2;

/** A finding that somebody has looked at and accepts. The fingerprint decides; the rest is for the reader. */
export interface KnownFinding {
  readonly fingerprint: string;
  readonly id: string;
  readonly category: ThreatCategory;
  readonly file?: string;
  readonly pointer?: string;
  readonly excerpt: string;
}

/** What a baseline knows, by fingerprint: an entry for each time that the finding was there. */
export type KnownFindings = ReadonlyMap<string, readonly KnownFinding[]>;

/** The findings of `input` as a baseline keeps them. */
export function knownFindings(input: ScannedInput, threshold: number): KnownFindings {
  return byFingerprint(
    findingsOf(input, threshold).map((threat) => ({
      fingerprint: fingerprintOf(input, threat),
      id: threat.id,
      category: threat.category,
      ...(input.file === undefined ? {} : { file: input.file }),
      ...(threat.location.pointer === "" ? {} : { pointer: threat.location.pointer }),
      excerpt: threat.excerpt,
    })),
  );
}

function byFingerprint(findings: readonly KnownFinding[]): KnownFindings {
  const known = new Map<string, KnownFinding[]>();
  for (const finding of findings) {
    const entries = known.get(finding.fingerprint);
    if (entries) entries.push(finding);
    else known.set(finding.fingerprint, [finding]);
  }
  return known;
}

/** The text of a baseline: one finding a line, in an order that scans of the same files repeat. */
export function renderBaseline(findings: readonly KnownFinding[]): string {
  const lines = [...findings]
    .sort(
      (a, b) =>
        compare(a.file ?? "", b.file ?? "") ||
        compare(a.fingerprint, b.fingerprint) ||
        compare(a.excerpt, b.excerpt),
    )
    .map((finding) => `    ${JSON.stringify(finding)}`);
  const list = lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n  ]`;
  return `{\n  "version": ${VERSION},\n  "findings": ${list}\n}\n`;
}

/**
 * The findings of the text of a baseline, by fingerprint.
 * @param name what messages call it: its file
 * @throws {FormatError} `M2M_BASELINE_INVALID`
 */
export function parseBaseline(text: string, name: string): KnownFindings {
  const document = tryParse(text);
  if (!isJsonObject(document) || !Array.isArray(document.findings)) {
    throw invalid(`${name} is no baseline of m2m: a JSON object with version ${VERSION} and findings.`);
  }
  if (document.version !== VERSION) {
    throw invalid(
      `${name} is a baseline of another version than ${VERSION}, which says nothing to this one.`,
    );
  }
  for (const [index, finding] of document.findings.entries()) {
    if (!isJsonObject(finding) || typeof finding.fingerprint !== "string" || finding.fingerprint === "") {
      throw invalid(`${name}: finding ${index} has no fingerprint.`);
    }
  }
  return byFingerprint(document.findings as KnownFinding[]);
}

/**
 * The result of `input` without what is known, each finding as often as it is known: that is not listed and scores nothing. The
 * result has to list all its threats (`maxThreats`), for what was cut off cannot be told from what is known.
 */
export function withoutKnown(input: ScannedInput, known: KnownFindings, threshold: number): ScanResult {
  const { result } = input;
  const accepted = acceptedThreats(input, known);
  const removed = result.threats.filter((threat) => accepted.has(threat));
  const threats = result.threats.filter((threat) => !accepted.has(threat));
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

/** Of a finding that is there more often than it is known, those go first that stand where they stood. */
function acceptedThreats(input: ScannedInput, known: KnownFindings): ReadonlySet<Threat> {
  const left = new Map<string, KnownFinding[]>();
  const others: (readonly [KnownFinding[], Threat])[] = [];
  const accepted = new Set<Threat>();
  for (const threat of input.result.threats) {
    const fingerprint = fingerprintOf(input, threat);
    const entries = left.get(fingerprint) ?? [...(known.get(fingerprint) ?? [])];
    left.set(fingerprint, entries);
    const same = entries.findIndex(({ excerpt }) => excerpt === threat.excerpt);
    if (same < 0) others.push([entries, threat]);
    else {
      entries.splice(same, 1);
      accepted.add(threat);
    }
  }
  for (const [entries, threat] of others) if (entries.pop()) accepted.add(threat);
  return accepted;
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
