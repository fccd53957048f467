import { formatScore } from "../../shared/score.js";
import { requireNodeModule } from "../../shared/platform.js";
import type { ScanResult, Threat } from "../types.js";

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

/** What makes a finding the same one in another scan, wherever in the file it has moved to: 32 hexadecimal digits. */
export function fingerprintOf({ file }: ScannedInput, { id, location, excerpt }: Threat): string {
  const { createHash } = requireNodeModule("crypto", "A fingerprint of a finding");
  const identity = JSON.stringify([id, location.pointer, excerpt, file ?? ""]);
  return createHash("sha256").update(identity).digest("hex").slice(0, 32);
}

/** `injection, score 0.98`. A score below 1 never reads as 1. */
export function describeScore({ category, score }: Pick<Threat, "category" | "score">): string {
  return `${category}, score ${formatScore(score)}`;
}
