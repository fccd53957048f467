import { createHash } from "node:crypto";
import { repositoryOf } from "./repositories.js";

/** Members of a request that hold its history: chat completions and messages, responses, Gemini. */
const HISTORIES = ["messages", "input", "contents"] as const;

interface Recorded {
  readonly text: string;
  readonly source?: string;
}

/** What a request says of the conversation it belongs to. */
interface Turn<Body> {
  readonly body: Body;
  /** Hash of its first 1, 2, … messages. */
  readonly prefixes: readonly string[];
}

/**
 * Conversations among `bodies`: sequences of requests of one repository in which the messages of each begin with all
 * messages of the one before and go on. A request continues at most one other, the longest that it can, of its own
 * source if there is a choice; and is continued by at most one. What stands alone is no conversation.
 * @returns each with its turns in order, at least two
 */
export function findConversations<Body extends Recorded>(bodies: readonly Body[]): Body[][] {
  const turns = bodies.flatMap((body) => {
    const prefixes = hashPrefixes(body);
    return prefixes.length > 0 ? [{ body, prefixes }] : [];
  });
  // The sort is stable: requests of one length stay in the order of the recording.
  turns.sort((a, b) => a.prefixes.length - b.prefixes.length);

  const conversations: Body[][] = [];
  /** By the hash of all its messages: conversations that end there, so far. */
  const open = new Map<string, Body[][]>();
  for (const turn of turns) {
    const conversation = takeContinued(turn, open) ?? [];
    if (conversation.length === 0) conversations.push(conversation);
    conversation.push(turn.body);
    const end = turn.prefixes.at(-1)!;
    open.set(end, [...(open.get(end) ?? []), conversation]);
  }
  return conversations.filter(({ length }) => length > 1);
}

function takeContinued<Body extends Recorded>(
  { body, prefixes }: Turn<Body>,
  open: Map<string, Body[][]>,
): Body[] | undefined {
  for (let count = prefixes.length - 1; count > 0; count--) {
    const candidates = open.get(prefixes[count - 1]) ?? [];
    if (candidates.length === 0) continue;
    const same = candidates.findIndex((conversation) => conversation.at(-1)!.source === body.source);
    return candidates.splice(Math.max(same, 0), 1)[0];
  }
  return undefined;
}

function hashPrefixes(body: Recorded): string[] {
  const history = historyOf(body.text);
  if (!history) return [];
  let prefix = `${repositoryOf(body)} ${history.member}`;
  return history.messages.map((message) => {
    prefix = createHash("sha256")
      .update(`${prefix} ${JSON.stringify(message)}`)
      .digest("hex");
    return prefix;
  });
}

function historyOf(text: string): { member: string; messages: unknown[] } | undefined {
  const request = parseObject(text);
  const member = HISTORIES.find((name) => Array.isArray(request?.[name]));
  if (!request || !member) return undefined;
  const messages = request[member] as unknown[];
  // The input of an embedding is a list of texts, which is no history.
  const isHistory = messages.every((message) => typeof message === "object" && message !== null);
  return isHistory ? { member, messages } : undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
