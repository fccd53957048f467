import type { ProxyCore } from "../core.js";
import type { LoggedRequest } from "../logged-request.js";
import { assertSafe, noteThreat } from "./threats.js";

/**
 * Scans an answer and tells what was found.
 * @param request what the log calls it
 * @throws {SecurityThreat} of an unsafe one if the proxy blocks
 * @throws {ProtocolError} `M2M_SCAN_FAILED` if it could not be judged then
 */
export async function scanAnswer(
  core: Pick<ProxyCore, "scanner" | "settings" | "stats" | "logger">,
  request: LoggedRequest,
  content: Buffer | string,
): Promise<void> {
  const { scanner, settings } = core;
  if (!scanner || content.length === 0) return;
  const verdict = await scanner.pending(Buffer.from(content)).result();
  const judge = settings.blocking ? assertSafe : noteThreat;
  judge(core, request, "answer", verdict);
}
