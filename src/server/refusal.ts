import { PROBLEM_TYPE, problemOf, type Problem } from "../http/index.js";
import type { ScanResult } from "../security/index.js";
import { SecurityThreat } from "../shared/errors.js";
import { retryAfter, type Reply } from "./route.js";

/** The problem of `error`; of content that is blocked with what the scan said. */
export function describeProblem(error: unknown): Problem {
  const problem = problemOf(error);
  if (!(error instanceof SecurityThreat)) return problem;
  const { score, threatType, threats } = error.verdict as ScanResult;
  const members = { threat_type: threatType, score, threats: threats.map(({ name }) => name) };
  return { ...problem, ...members };
}

/** An error as what a route answers, with the time after which it may be different. */
export function problemReply(error: unknown, retryAfterMs: number | undefined): Reply {
  const problem = describeProblem(error);
  return { status: problem.status, headers: retryAfter(retryAfterMs), json: problem, type: PROBLEM_TYPE };
}
