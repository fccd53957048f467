import { createHash } from "node:crypto";
import type { ProviderApi, RequestHeaders } from "./api.js";

/** Clients that show no key are one. */
export const ANONYMOUS = "anonymous";

/** Headers in which providers and those who speak their APIs (Azure, Google) take a key; the first two are those of the providers. */
export const CREDENTIAL_HEADERS = ["authorization", "x-api-key", "api-key", "x-goog-api-key"] as const;

/**
 * Who a client is, by the API key it shows: a hash that may be logged and stored, 128 bits in hexadecimal. One key is one client in
 * whichever header it stands. The header that the provider looks at comes first: with another, a client would be somebody new at will.
 */
export function clientKeyOf(api: ProviderApi, headers: RequestHeaders): string {
  const [key] = shownKeysOf(api, headers);
  if (key === undefined) return ANONYMOUS;
  return createHash("sha256").update(`m2m client\n${key}`).digest("hex").slice(0, 32);
}

/** The keys that a client shows, each once; the one that the provider looks at comes first. They are secrets. */
export function shownKeysOf(api: ProviderApi, headers: RequestHeaders): string[] {
  const bearer = firstOf(headers.authorization)?.replace(/^bearer +/i, "");
  const apiKey = firstOf(headers["x-api-key"]);
  const others = CREDENTIAL_HEADERS.slice(2).map((name) => firstOf(headers[name]));
  const shown = api === "anthropic-messages" ? [apiKey, bearer, ...others] : [bearer, apiKey, ...others];
  return [...new Set(shown.flatMap((one) => one?.trim() || []))];
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
