import type { ContentScanner, ContentVerdict } from "../../codec/index.js";

/** A scanner for one content that passes several sessions: it is scanned once, and each judges by its own threshold. */
export function scanOnce(scanner: ContentScanner | undefined): ContentScanner | undefined {
  let verdict: Promise<ContentVerdict> | undefined;
  return scanner && { scan: (content) => (verdict ??= scanner.scan(content)) };
}
