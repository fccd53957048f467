import type { ContentScanner, ContentVerdict } from "../codec/index.js";
import { ProtocolError, SecurityThreat } from "../shared/errors.js";
import { formatScore } from "../shared/score.js";
import type { SecurityCapabilities } from "./capabilities.js";
import type { SecurityStatus } from "./message.js";
import type { AgreedSecurity } from "./negotiate.js";

/** What a session does about threats. */
export interface ScanPolicy {
  /** Absent: nothing is scanned. */
  readonly scanner?: ContentScanner;
  readonly blocks: boolean;
  /** Score, 0 to 1, from which content is refused. */
  readonly threshold: number;
}

/** What became of a scan. */
export interface Judgement {
  readonly status: SecurityStatus;
  /** Absent if the scanner failed. */
  readonly verdict?: ContentVerdict;
  /** Why the scanner failed. */
  readonly failure?: unknown;
}

/**
 * The policy in force. A side keeps what it said of itself in its capabilities even if the peer does not do the same:
 * otherwise a peer could switch a scanner off by not having one. What is agreed can only make it stricter.
 */
export function scanPolicy(
  own: SecurityCapabilities,
  agreed: AgreedSecurity,
  scanner: ContentScanner | undefined,
): ScanPolicy {
  return {
    scanner: own.threatDetection ? scanner : undefined,
    blocks: own.threatDetection && own.blocking,
    threshold: agreed.blocking ? agreed.blockThreshold : own.blockThreshold,
  };
}

/**
 * Scans `content`, if the policy says so.
 * @throws {SecurityThreat} `M2M_SECURITY_THREAT` if it is to be refused: by the threshold, or by the scanner's own word
 * @throws {ProtocolError} `M2M_SCAN_FAILED` if the scanner fails and threats are blocked: what was not scanned is not safe
 */
export async function judge(
  { scanner, blocks, threshold }: ScanPolicy,
  content: string | Uint8Array,
): Promise<Judgement | undefined> {
  if (!scanner) return undefined;
  let verdict: ContentVerdict;
  try {
    verdict = checkVerdict(await scanner.scan(content));
  } catch (failure) {
    if (failure instanceof SecurityThreat) throw failure;
    if (!blocks) return { status: { scanned: false, safe: false }, failure };
    throw new ProtocolError("M2M_SCAN_FAILED", "The content could not be scanned, so it is refused.", {
      cause: failure,
      hint: "See the cause; the session blocks what it cannot scan.",
    });
  }
  const { safe, score, threatType } = verdict;
  if (verdict.shouldBlock || (blocks && score >= threshold)) {
    throw new SecurityThreat(
      `The content is blocked: ${threatType ?? "a threat"} with a score of ${formatScore(score)}.`,
      verdict,
    );
  }
  const status = {
    scanned: true,
    safe,
    ...(threatType === undefined ? {} : { threatType }),
    confidence: safe ? 1 - score : score,
  };
  return { status, verdict };
}

/** A verdict that says nothing must not pass for a good one. */
function checkVerdict(verdict: ContentVerdict): ContentVerdict {
  const { safe, score, shouldBlock } = verdict;
  if (typeof safe === "boolean" && typeof shouldBlock === "boolean" && score >= 0 && score <= 1)
    return verdict;
  throw new TypeError("The scanner gave no verdict.");
}
