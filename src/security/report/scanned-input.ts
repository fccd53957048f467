import { formatScore } from "../../shared/score.js";
import { requireNodeModule } from "../../shared/platform.js";
import type { ScanResult, Threat } from "../types.js";

/** Units that `match` has all of. */
const LONGEST_MATCH = 120;

/** One text that was scanned, and what came of it: what the writers of reports take. */
export interface ScannedInput {
  /** Path with `/`, relative to where the report is read; absent for a text that is in no file. */
  readonly file?: string;
  /** Line of the file, from 1, if only that line was scanned. */
  readonly line?: number;
  readonly result: ScanResult;
}

/** The threats that make `input` unsafe; what stays below the threshold counts for nothing. */
export function findingsOf({ result }: ScannedInput, threshold: number): readonly Threat[] {
  return result.safe ? [] : result.threats.filter(({ score }) => score >= threshold);
}

/** Line of the file, from 1, that `threat` is on. */
export function lineOf({ line }: ScannedInput, { location }: Threat): number {
  return line ?? location.line;
}

/**
 * What makes a finding the same one in another scan, wherever in the file it has moved to: 32 hexadecimal digits of its id, the
 * file, the keys that it stands under and what was found.
 */
export function fingerprintOf(input: ScannedInput, threat: Threat): string {
  const { createHash } = requireNodeModule("crypto", "A fingerprint of a finding");
  const { id, location } = threat;
  // A place in an array is one as a line is.
  const keys = location.pointer.replace(/\/\d+(?=\/|$)/g, "/*");
  const identity = JSON.stringify([id, input.file ?? "", keys, ...whatWasFound(input, threat)]);
  return createHash("sha256").update(identity).digest("hex").slice(0, 32);
}

function whatWasFound({ file, line }: ScannedInput, threat: Threat): readonly unknown[] {
  const { category, location, match, source } = threat;
  // Each line that is put in moves the windows that Hydra reads a file in, and the one that is the most alarming may be another.
  if (source === "hydra" && file !== undefined && line === undefined) return [];
  if (location.length <= LONGEST_MATCH) return [match];
  // An array that is too long is the same one with other entries.
  return category === "malformed" ? [] : [match, location.length];
}

/** `injection, score 0.98`. A score below 1 never reads as 1. */
export function describeScore({ category, score }: Pick<Threat, "category" | "score">): string {
  return `${category}, score ${formatScore(score)}`;
}
