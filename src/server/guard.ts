import type { ContentScanner } from "../codec/index.js";
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
