import { assertText } from "../../shared/content.js";
import { JsonScanner, TOKEN } from "../../shared/json-scanner.js";
import { minifyJsonText } from "../../shared/json-text.js";
import { resolveLimits, type Limits } from "../../shared/limits.js";

const ONE = /^1(?:\.0+)?(?:[eE][+-]?0+)?$/;
const ZERO = /^-?0(?:\.0+)?(?:[eE][+-]?[0-9]+)?$/;

/** How the raw text of a parameter's default value may be spelled. Numbers count by value. */
const DEFAULTS: ReadonlyMap<string, RegExp> = new Map([
  ["temperature", ONE],
  ["top_p", ONE],
  ["n", ONE],
  ["stream", /^false$/],
  ["frequency_penalty", ZERO],
  ["presence_penalty", ZERO],
  ["logit_bias", /^\{\}$/],
  ["stop", /^null$/],
  ["logprobs", /^false$/],
]);

/** A member of the outermost object, as offsets in the text. */
interface Member {
  name: string;
  keyStart: number;
  valueStart: number;
  valueEnd: number;
}

/**
 * The JSON text without insignificant whitespace and, if it is a chat request (an object with an array `messages`),
 * without the parameters that equal the defaults of OpenAI's API: another text, the same request there. A key that occurs more than once
 * stays, so that readers that take the first and readers that take the last of them see what they saw.
 * @throws {InputError} `M2M_USAGE` if it is no string
 * @throws {FormatError} `M2M_JSON_INVALID` with the UTF-16 offset
 * @throws {LimitError} `M2M_JSON_TOO_DEEP`
 */
export function optimizeRequest(
  jsonText: string,
  limits: Partial<Pick<Limits, "maxJsonDepth">> = {},
): string {
  assertText("JSON text", jsonText);
  const text = minifyJsonText(jsonText, resolveLimits(limits).maxJsonDepth);
  if (!text.startsWith("{")) return text;
  const members = readRootMembers(text);
  const occurrences = new Map<string, number>();
  for (const { name } of members) occurrences.set(name, (occurrences.get(name) ?? 0) + 1);
  const isRequest = members.some(({ name, valueStart }) => name === "messages" && text[valueStart] === "[");
  if (!isRequest) return text;
  const kept = members.filter(
    (member) => occurrences.get(member.name) !== 1 || !isDefault(text, member.name, member),
  );
  if (kept.length === members.length) return text;
  return `{${kept.map(({ keyStart, valueEnd }) => text.slice(keyStart, valueEnd)).join(",")}}`;
}

function isDefault(text: string, name: string, { valueStart, valueEnd }: Member): boolean {
  // No default is spelled long on purpose; the bound keeps the pattern off strings of megabytes.
  if (valueEnd - valueStart > 32) return false;
  return DEFAULTS.get(name)?.test(text.slice(valueStart, valueEnd)) ?? false;
}

/** The members of the outermost object of minified JSON text that is known to be valid. */
function readRootMembers(text: string): Member[] {
  const scanner = new JsonScanner(text);
  const members: Member[] = [];
  for (let token = scanner.next(); token !== TOKEN.END; token = scanner.next()) {
    const member = members.at(-1);
    if (token === TOKEN.KEY && scanner.depth === 1) {
      const { start, end } = scanner;
      const raw = text.slice(start, end);
      const name = raw.includes("\\") ? (JSON.parse(raw) as string) : raw.slice(1, -1);
      members.push({ name, keyStart: start, valueStart: end + 1, valueEnd: end });
    } else if (member && scanner.depth === 1) member.valueEnd = scanner.end;
  }
  return members;
}
