import type { ContentScanner, ContentVerdict } from "../../codec/index.js";

/**
 * A scanner for one content that passes several sessions: it is scanned once, and each judges by its own threshold.
 * @param onThreat is told once of a content that is unsafe
 */
export function scanOnce(
  scanner: ContentScanner | undefined,
  onThreat: (verdict: ContentVerdict) => void,
): ContentScanner | undefined {
  let verdict: Promise<ContentVerdict> | undefined;
  const scan = async (content: string | Uint8Array): Promise<ContentVerdict> => {
    const found = await (scanner as ContentScanner).scan(content);
    if (!found.safe) onThreat(found);
    return found;
  };
  return scanner && { scan: (content) => (verdict ??= scan(content)) };
}
