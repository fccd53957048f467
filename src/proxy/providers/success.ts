import type { ProviderApi } from "./api.js";
import { findMembers, parseSlice } from "./json-members.js";

/** Whether a whole response of a good status is an answer: gateways and the Responses API tell of failures with status 200 too. */
export function isSuccess(api: ProviderApi, body: Buffer): boolean {
  const found = findMembers(body, ["error", "status"]);
  if (!found || parseSlice(body, found.error)) return false;
  if (api !== "openai-responses") return true;
  const status = parseSlice(body, found.status);
  return status === "completed" || status === "incomplete";
}
