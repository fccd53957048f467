import { ProtocolError, SecurityThreat } from "../../shared/errors.js";
import type { ProxyCore } from "../core.js";
import type { LoggedRequest } from "../logged-request.js";
import { ruleIds, type ScanVerdict } from "./request-scanner.js";

type Told = Pick<ProxyCore, "stats" | "logger">;
/** What was scanned. */
type Subject = "request" | "answer";

/**
 * Counts and logs what is unsafe and passes on.
 * @param request what the log calls it
 */
export function noteThreat(
  told: Told,
  request: LoggedRequest,
  subject: Subject,
  verdict: ScanVerdict | undefined,
): void {
  if (verdict && !verdict.safe) tell(told, request, `${subject} unsafe`, verdict);
}

/**
 * Counts and logs what is unsafe, and refuses it.
 * @throws {SecurityThreat} of what is unsafe
 * @throws {ProtocolError} `M2M_SCAN_FAILED` of what nobody could judge
 */
export function assertSafe(
  told: Told,
  request: LoggedRequest,
  subject: Subject,
  verdict: ScanVerdict | undefined,
): void {
  if (!verdict) throw new ProtocolError("M2M_SCAN_FAILED", `The ${subject} could not be scanned.`);
  if (verdict.safe) return;
  // Most of a streamed answer has been sent by then.
  tell(told, request, subject === "request" ? "request blocked" : "answer unsafe", verdict);
  told.stats.count("blocked");
  const message = `The ${subject} looks like ${verdict.threatType} (${ruleIds(verdict).join(", ")}).`;
  throw new SecurityThreat(message, verdict);
}

function tell(
  { stats, logger }: Told,
  request: LoggedRequest,
  message: string,
  { threatType: type, score, threats }: ScanVerdict,
): void {
  stats.count("threats");
  logger.warn({ ...request, type, score, threats }, message);
}
