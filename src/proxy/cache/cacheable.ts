import { isJsonObject, member } from "../../shared/json-value.js";
import type { CacheScope } from "../../shared/proxy-options.js";
import { findMembers, parseSlice, type ProviderApi, type RequestHeaders } from "../providers/index.js";

/** What a client says about caching (RFC 9111 section 5.2.1). */
export interface CacheDirectives {
  /** It may be answered from the cache. */
  readonly reads: boolean;
  /** Its answer may be kept. */
  readonly writes: boolean;
}

/** Whether two requests like this may be given one answer. */
export function isCacheable(api: ProviderApi, body: Buffer, scope: CacheScope): boolean {
  if (api === "other") return false;
  const names = ["temperature", "tools", "previous_response_id", "conversation", "background"] as const;
  const found = findMembers(body, names);
  if (!found) return false;
  const valueOf = (name: (typeof names)[number]): unknown => parseSlice(body, found[name]);
  // These go on with something that the provider keeps, or leave something running.
  if (valueOf("background") === true) return false;
  if ((valueOf("conversation") ?? valueOf("previous_response_id") ?? null) !== null) return false;
  if (scope === "all" || api === "openai-embeddings") return true;
  return valueOf("temperature") === 0 && !hasHostedTools(valueOf("tools"));
}

/** What `cache-control` and `pragma` of a request allow. */
export function cacheDirectivesOf(headers: RequestHeaders): CacheDirectives {
  const control = String(headers["cache-control"] ?? headers.pragma ?? "").toLowerCase();
  const words = control.split(",").map((word) => word.trim());
  const writes = !words.includes("no-store");
  return { writes, reads: writes && !words.includes("no-cache") && !words.includes("max-age=0") };
}

/** Whether the provider itself runs a tool (a search, code, a remote server), whose answers change. */
function hasHostedTools(tools: unknown): boolean {
  if (!Array.isArray(tools)) return false;
  return tools.some((tool) => {
    const type = member(tool, "type");
    return (
      isJsonObject(tool) && type !== undefined && type !== null && type !== "function" && type !== "custom"
    );
  });
}
