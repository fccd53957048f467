import { lazily } from "../../shared/lazy.js";

/** What nearly all keys and short values of LLM traffic are. */
export const KNOWN_NAMES: readonly string[] = (
  "role content type text model messages user assistant system tool function name id object created index message choices " +
  "finish_reason usage prompt_tokens completion_tokens total_tokens input_tokens output_tokens temperature max_tokens " +
  "stream top_p stop stop_reason stop_sequence n delta tool_calls tool_call_id tools arguments parameters properties required " +
  "description string number integer boolean array items enum input output instructions metadata logprobs refusal " +
  "system_fingerprint developer input_text output_text tool_use tool_result tool_use_id jsonrpc method params result error code " +
  "title default anyOf parts contents candidates data url status value response_format tool_choice seed"
).split(" ");

const SLOTS = 512;
const LONGEST = 24;

/** Each name in its slot. */
const slots = lazily((): readonly (string | undefined)[] => {
  const filled = new Array<string | undefined>(SLOTS).fill(undefined);
  // The engine keeps one string of a property's name, and knows its hash.
  const names = Object.keys(Object.fromEntries(KNOWN_NAMES.map((name) => [name, true])));
  for (const name of names) filled[slotOf(name, 0, name.length)] = name;
  return filled;
});

/**
 * `text` from `start` to `end`, if that is a name that is met all the time: the same string each time, which is compared and
 * looked up several times as fast as a new one.
 */
export function knownName(text: string, start: number, end: number): string | undefined {
  const length = end - start;
  if (length === 0 || length > LONGEST) return undefined;
  const name = slots()[slotOf(text, start, end)];
  if (name?.length !== length) return undefined;
  for (let at = 0; at < length; at++)
    if (name.charCodeAt(at) !== text.charCodeAt(start + at)) return undefined;
  return name;
}

/** The factors are such that no two names share a slot. */
function slotOf(text: string, start: number, end: number): number {
  const length = end - start;
  const first = text.charCodeAt(start);
  const middle = text.charCodeAt(start + (length >> 1));
  const last = text.charCodeAt(end - 1);
  return (length * 23 + first * 49 + middle * 45 + last * 45) & (SLOTS - 1);
}
