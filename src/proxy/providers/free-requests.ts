/** Requests that make something, and for which no provider takes money. What makes a file that is used later is charged then. */
const FREE_POSTS: ReadonlySet<string> = new Set([
  "/v1/messages/count_tokens",
  "/v1/responses/input_tokens",
  "/v1/moderations",
  "/v1/files",
  "/v1/uploads",
]);
/** Of uploads in parts, and of what runs already. */
const FREE_STEPS = /^\/v1\/uploads\/[\w-]+\/(?:parts|complete|cancel)$|^\/v1\/(?:[\w-]+\/){2,}cancel$/;

/**
 * Whether a request to an API that the proxy does not understand costs nothing at a provider: it looks something up, deletes something, or
 * its path is known for it. Of other spellings of such a path nothing is known.
 * @param path without its query
 */
export function isFreeRequest(method: string, path: string): boolean {
  if (method !== "POST") return method !== "PUT" && method !== "PATCH";
  return FREE_POSTS.has(path) || FREE_STEPS.test(path);
}
