/**
 * Fields of one connection, which an intermediary does not pass on (RFC 9110, section 7.6.1), and the two that are between
 * a client and its proxy (section 11.7).
 */
export const HOP_BY_HOP_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "proxy-authenticate",
  "proxy-authorization",
]);

/**
 * The header fields without those of the connection, and without those that `Connection` names.
 * @param rawHeaders names and values by turns, as `IncomingMessage.rawHeaders` has them; so is the result
 */
export function removeHopByHop(rawHeaders: readonly string[]): string[] {
  const named = new Set<string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index].toLowerCase() !== "connection") continue;
    for (const option of rawHeaders[index + 1].split(",")) named.add(option.trim().toLowerCase());
  }
  const kept: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index].toLowerCase();
    if (!HOP_BY_HOP_HEADERS.has(name) && !named.has(name)) {
      kept.push(rawHeaders[index], rawHeaders[index + 1]);
    }
  }
  return kept;
}
