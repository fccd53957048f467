import type { IncomingMessage } from "node:http";
import { forwardedHeaders } from "./headers.js";
import { CREDENTIAL_HEADERS, type Dialect } from "./providers/index.js";
import type { Gatekeeper } from "./security/gatekeeper.js";
import type { Upstream } from "./upstream/upstream.js";

/** What `IDENTITY` replaces. */
export const CODINGS: readonly string[] = ["accept-encoding"];
const ONLY_CODINGS: ReadonlySet<string> = new Set(CODINGS);
/** Where the proxy reads the answer itself, it must come as it is. */
export const IDENTITY: readonly string[] = ["accept-encoding", "identity"];

/**
 * The client's headers for an upstream, with its own credentials if it has any.
 * @param replaced names in lower case that are left out, beside those of `own`
 */
export function headersFor(
  gatekeeper: Gatekeeper,
  request: IncomingMessage,
  { apiKey, token }: Upstream,
  dialect: Dialect,
  replaced: readonly string[],
  own: readonly string[],
): string[] {
  const { rawHeaders } = request;
  const secrets = apiKey === undefined ? gatekeeper.tokenHeaders(request) : CREDENTIAL_HEADERS;
  // The common case, without sets and lists of its own.
  if (secrets.length === 0 && token === undefined && own === IDENTITY && replaced === CODINGS)
    return forwardedHeaders(rawHeaders, { without: ONLY_CODINGS, extra: IDENTITY });
  const without = new Set([...replaced, ...secrets]);
  const extra = [...own];
  if (apiKey !== undefined) {
    extra.push(...(dialect === "anthropic" ? ["x-api-key", apiKey] : ["authorization", `Bearer ${apiKey}`]));
  }
  if (token !== undefined) extra.push("x-m2m-token", token);
  for (let i = 0; i < own.length; i += 2) without.add(own[i]);
  return forwardedHeaders(rawHeaders, { without, extra });
}
