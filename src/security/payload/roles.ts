import { viewsOf } from "../text/index.js";
import { PAYLOAD_CHECKS } from "./checks.js";
import type { PayloadCheck } from "./types.js";

/** Roles of the common interfaces and of the data sets that are made of them. */
const KNOWN_ROLES = new Set([
  "system",
  "developer",
  "user",
  "assistant",
  "tool",
  "function",
  "model",
  "human",
  "ai",
  "bot",
  "critic",
  "discriminator",
  "agent",
  "context",
  "ipython",
]);

/** What is wrong with the role of a message, if anything is. */
export function checkRole(role: string): PayloadCheck | undefined {
  if (KNOWN_ROLES.has(role)) return undefined;
  const plain = role.trim().toLowerCase();
  const seen = viewsOf(role)[0].text.trim().toLowerCase();
  return seen !== plain && KNOWN_ROLES.has(seen) ? PAYLOAD_CHECKS.spoofedRole : PAYLOAD_CHECKS.unknownRole;
}
