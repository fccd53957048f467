import { createHash } from "node:crypto";
import type { ProviderApi, RequestHeaders } from "./api.js";

/** Clients that show no key are one. */
export const ANONYMOUS = "anonymous";

/**
 * Who a client is, by the API key it shows: a hash that may be logged and stored, 128 bits in hexadecimal. One key is one client in
 * whichever header it stands. The header that the provider looks at comes first: with another, a client would be somebody new at will.
 */
export function clientKeyOf(api: ProviderApi, headers: RequestHeaders): string {
  const bearer = firstOf(headers.authorization)?.replace(/^bearer +/i, "");
  const apiKey = firstOf(headers["x-api-key"]);
  const [key] = (api === "anthropic-messages" ? [apiKey, bearer] : [bearer, apiKey]).flatMap(
    (shown) => shown?.trim() || [],
  );
  if (key === undefined) return ANONYMOUS;
  return createHash("sha256").update(`m2m client\n${key}`).digest("hex").slice(0, 32);
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
