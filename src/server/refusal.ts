import { problemOf, type Problem } from "../http/index.js";
import type { ScanResult } from "../security/index.js";
import { SecurityThreat } from "../shared/errors.js";

/** The problem of `error`; of content that is blocked with what the scan said. */
export function describeProblem(error: unknown): Problem {
  const problem = problemOf(error);
  if (!(error instanceof SecurityThreat)) return problem;
  const { score, threatType, threats } = error.verdict as ScanResult;
  const members = { threat_type: threatType, score, threats: threats.map(({ name }) => name) };
  return { ...problem, ...members };
}
