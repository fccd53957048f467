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
 * The fields that `Connection` names, in lower case, which an intermediary does not pass on either; `undefined` if there are none.
 * @param headers name, value, name, value
 */
export function connectionOptions(headers: readonly string[]): Set<string> | undefined {
  let named: Set<string> | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i].length !== 10 || headers[i].toLowerCase() !== "connection") continue;
    for (const option of headers[i + 1].split(",")) {
      const name = option.trim().toLowerCase();
      if (name !== "" && name !== "close" && name !== "keep-alive") (named ??= new Set()).add(name);
    }
  }
  return named;
}
