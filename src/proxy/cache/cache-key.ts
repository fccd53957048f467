import { createHash } from "node:crypto";
import { shownKeysOf, type ProviderApi, type RequestHeaders } from "../providers/index.js";

/** Headers by which a provider answers the same body otherwise. */
const AFFECTING_HEADERS = [
  ...["content-type", "anthropic-version", "anthropic-beta"],
  ...["openai-organization", "openai-project", "openai-beta"],
] as const;

export interface CacheableRequest {
  /** Where answers come from: those of one provider are never another's. */
  readonly target: string;
  readonly api: ProviderApi;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: RequestHeaders;
  /** As it is sent to the provider. */
  readonly body: Uint8Array;
}

export interface CacheKeyOptions {
  /** Whether clients with different API keys may be given each other's answers. Default: they are not. */
  readonly shareBetweenClients?: boolean;
}

/** Changes whenever a key means something else than before. */
const KEY_VERSION = "m2m-response-1";

/**
 * The key of an exact match: equal for requests that are equal in all that counts, byte for byte. Holds no secret. Of a client
 * whatever a provider may know it by counts: nobody knows here by which it is.
 */
export function cacheKeyOf(
  request: CacheableRequest,
  { shareBetweenClients = false }: CacheKeyOptions = {},
): string {
  const { target, api, method, path, headers, body } = request;
  const parts = [
    KEY_VERSION,
    shareBetweenClients ? "" : JSON.stringify([shownKeysOf(api, headers), headers.cookie]),
    ...[target, method, path],
    ...AFFECTING_HEADERS.map((name) => String(headers[name] ?? "")),
  ];
  const hash = createHash("sha256");
  // With its length before it, no part runs into the next.
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.update(body).digest("hex");
}
