import type { ContentScanner, ContentVerdict } from "../codec/index.js";
import type { ScanResult, SecurityScanner } from "../security/index.js";
import type { ContentCounts } from "./metrics/requests.js";

/** A scanner whose threats are blocked, or only reported, and whose scans are counted. */
export function guardWith(
  scanner: SecurityScanner,
  isBlocking: boolean,
  counts: Pick<ContentCounts, "scanned" | "unsafe">,
): ContentScanner<ScanResult> {
  return {
    async scan(content) {
      const result = await scanner.scan(content);
      counts.scanned++;
      if (!result.safe) counts.unsafe++;
      return { ...result, shouldBlock: isBlocking && !result.safe };
    },
  };
}

/** A scanner that tells of each content that is unsafe. */
export function watched<Verdict extends ContentVerdict>(
  scanner: ContentScanner<Verdict>,
  onThreat: (verdict: Verdict) => void,
): ContentScanner<Verdict> {
  return {
    async scan(content) {
      const verdict = await scanner.scan(content);
      if (!verdict.safe) onThreat(verdict);
      return verdict;
    },
  };
}
