/** The requests that the proxy understands; all else passes through as `other`. */
export const PROVIDER_APIS = [
  "openai-chat",
  "openai-completions",
  "openai-embeddings",
  "openai-responses",
  "anthropic-messages",
  "other",
] as const;
export type ProviderApi = (typeof PROVIDER_APIS)[number];

/** Whose shapes of errors a client reads. */
export type Dialect = "openai" | "anthropic";

/** Header values by name in lower case, as `node:http` gives them. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * What a request asks for.
 * @param path with or without a query: Anthropic's SDK puts `?beta=true` there
 */
export function apiOf(method: string, path: string): ProviderApi {
  if (method !== "POST") return "other";
  const query = path.indexOf("?");
  const plain = query < 0 ? path : path.slice(0, query);
  const api = apiAt(plain);
  return api === "other" ? apiAt(canonical(plain)) : api;
}

/**
 * What a lenient server takes `path` for: escapes are read, slashes merged, one at the end and parameters of segments left out, and
 * capitals are as good as small letters. Another spelling must not lead past what a request of the API is put through.
 */
function canonical(path: string): string {
  // Twice, as a server behind another may.
  return tryDecode(tryDecode(path))
    .replace(/;[^/]*|\s/g, "")
    .replace(/[/\\]+/g, "/")
    .replace(/\/$/, "")
    .toLowerCase();
}

function tryDecode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function apiAt(path: string): ProviderApi {
  switch (path) {
    case "/v1/chat/completions":
      return "openai-chat";
    case "/v1/completions":
      return "openai-completions";
    case "/v1/embeddings":
      return "openai-embeddings";
    case "/v1/responses":
      return "openai-responses";
    case "/v1/messages":
      return "anthropic-messages";
    default:
      return "other";
  }
}

/** The shapes for a client: by what it asks for, else by a header that only Anthropic's clients send. */
export function dialectOf(api: ProviderApi, headers: RequestHeaders = {}): Dialect {
  if (api === "anthropic-messages") return "anthropic";
  return api === "other" && headers["anthropic-version"] !== undefined ? "anthropic" : "openai";
}
