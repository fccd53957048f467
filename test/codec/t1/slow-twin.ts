/**
 * The slow, obvious T1: a tree with every name as it is spelled, paths as strings, tables as docs/spec/t1.md prints
 * them. Held equal to the transducer.
 */
import { T1_MODEL_NAMES } from "../../../src/models/index.js";

export type RawTree =
  | { kind: "raw"; text: string }
  | { kind: "string"; raw: string }
  | { kind: "array"; items: RawTree[] }
  | { kind: "object"; members: [rawKey: string, value: RawTree][] };

type Names = Record<string, string>;

const message = "role r content c name n tool_calls tc function_call fc";
const called = "name n arguments a";
const declaration =
  "type t function fn name n description desc parameters params required req properties props";

/** Keys by path. `[]` is an item of an array. */
export const KEYS: Record<string, Names> = {
  "": names(
    "messages m content c role r model M temperature T max_tokens x top_p p stream s stop S seed se user u " +
      "frequency_penalty f presence_penalty P logit_bias lb logprobs lp top_logprobs tlp response_format rf tools ts " +
      "tool_choice tc functions fs function_call fc choices C usage U created cr object o system_fingerprint sf",
  ),
  "/messages[]": names(message),
  "/messages[]/function_call": names(called),
  "/messages[]/tool_calls[]": names("index i type t function fn"),
  "/messages[]/tool_calls[]/function": names(called),
  "/choices[]": names("index i message m delta d finish_reason fr logprobs lp"),
  "/choices[]/message": names(message),
  "/choices[]/message/function_call": names(called),
  "/choices[]/message/tool_calls[]": names("index i type t function fn"),
  "/choices[]/message/tool_calls[]/function": names(called),
  "/choices[]/delta": names(message),
  "/choices[]/delta/function_call": names(called),
  "/choices[]/delta/tool_calls[]": names("index i type t function fn"),
  "/choices[]/delta/tool_calls[]/function": names(called),
  "/tools[]": names(declaration),
  "/tools[]/function": names(declaration),
  "/functions[]": names(declaration),
  "/tool_choice": names("type t function fn name n"),
  "/tool_choice/function": names(called),
  "/function_call": names(called),
  "/response_format": names("type t"),
  "/usage": names("prompt_tokens pt completion_tokens ct total_tokens tt"),
};

const roles = names("system s user u assistant a function f tool t");
const models: Names = Object.fromEntries(T1_MODEL_NAMES.filter(([long, short]) => long !== short));

/** String values by path. */
export const STRINGS: Record<string, Names> = {
  "/role": roles,
  "/messages[]/role": roles,
  "/choices[]/message/role": roles,
  "/choices[]/delta/role": roles,
  "/model": models,
  "/choices[]/finish_reason": names("stop s length l tool_calls tc content_filter cf function_call fc"),
  "/response_format/type": names("text t json_object j json_schema js"),
};

const dialectRoles = names("system S assistant A function F tool T");

/** What the published codec writes and this one only reads. */
export const DIALECT_KEYS: Record<string, Names> = {
  "": names("tool_choice tx error E"),
  "/choices[]": names("delta D"),
};

export const DIALECT_STRINGS: Record<string, Names> = {
  "/role": dialectRoles,
  "/messages[]/role": dialectRoles,
  "/choices[]/message/role": dialectRoles,
  "/choices[]/delta/role": dialectRoles,
  "/model": names(
    "gpt-4o g4o gpt-4o-mini g4om gpt-4-turbo g4t gpt-4 g4 gpt-3.5-turbo g35t llama-3.1-405b l31405 " +
      "llama-3.1-70b l3170 llama-3.1-8b l318 llama-3.3-70b l3370 mistral-large-latest mll mistral-small-latest msl " +
      "mixtral-8x7b mx87 mixtral-8x22b mx822 deepseek-v3 dv3 deepseek-r1 dr1 deepseek-coder dc qwen-2.5-72b q2572 " +
      "qwen-2.5-32b q2532 qwen-2.5-coder-32b qc32",
  ),
};

/** A place nothing is known of. */
const NOWHERE = "?";

export function twinEncode(jsonText: string): string {
  const write = (name: string, own: Names | undefined, dialect: Names = {}): string => {
    if (own === undefined) return name;
    if (Object.hasOwn(own, name)) return own[name];
    const readAsShort = [...Object.values(own), ...Object.values(dialect)].includes(name);
    return readAsShort || name.startsWith("~") || name.startsWith(":") ? `~${name}` : name;
  };
  const walk = (tree: RawTree, path: string): string => {
    switch (tree.kind) {
      case "raw":
        return tree.text;
      case "string":
        return `"${write(tree.raw, STRINGS[path], DIALECT_STRINGS[path])}"`;
      case "array":
        return `[${tree.items.map((item) => walk(item, `${path}[]`)).join(",")}]`;
      case "object":
        return `{${tree.members
          .map(([key, value]) => {
            const own = KEYS[path] as Names | undefined;
            const inside = own && Object.hasOwn(own, key) ? `${path}/${key}` : NOWHERE;
            return `"${write(key, own, DIALECT_KEYS[path])}":${walk(value, inside)}`;
          })
          .join(",")}}`;
    }
  };
  return `#T1|${walk(parseRawTree(jsonText), "")}`;
}

export function twinDecode(wire: string): string {
  const read = (name: string, own: Names | undefined, dialect: Names = {}): string => {
    if (own === undefined) return name;
    if (name.startsWith("~")) return name.slice(1);
    for (const table of [own, dialect]) {
      for (const [long, short] of Object.entries(table)) if (short === name) return long;
    }
    return name;
  };
  const walk = (tree: RawTree, path: string): string => {
    switch (tree.kind) {
      case "raw":
        return tree.text;
      case "string":
        return `"${read(tree.raw, STRINGS[path], DIALECT_STRINGS[path])}"`;
      case "array":
        return `[${tree.items.map((item) => walk(item, `${path}[]`)).join(",")}]`;
      case "object":
        return `{${tree.members
          .map(([key, value]) => {
            const own = KEYS[path] as Names | undefined;
            const long = read(key, own, DIALECT_KEYS[path]);
            const known = own && Object.hasOwn(own, long) && !key.startsWith("~");
            return `"${long}":${walk(value, known ? `${path}/${long}` : NOWHERE)}`;
          })
          .join(",")}}`;
    }
  };
  return walk(parseRawTree(wire.slice("#T1|".length)), "");
}

/** The tree of a valid JSON text; names and strings without their quotes, numbers and words as spelled. */
export function parseRawTree(jsonText: string): RawTree {
  const tokens = jsonText.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  let at = 0;
  const parse = (): RawTree => {
    const token = tokens[at++];
    if (token === "[") {
      const items: RawTree[] = [];
      while (tokens[at] !== "]") {
        items.push(parse());
        if (tokens[at] === ",") at++;
      }
      at++;
      return { kind: "array", items };
    }
    if (token === "{") {
      const members: [string, RawTree][] = [];
      while (tokens[at] !== "}") {
        const key = tokens[at].slice(1, -1);
        at += 2;
        members.push([key, parse()]);
        if (tokens[at] === ",") at++;
      }
      at++;
      return { kind: "object", members };
    }
    return token.startsWith('"') ? { kind: "string", raw: token.slice(1, -1) } : { kind: "raw", text: token };
  };
  return parse();
}

function names(text: string): Names {
  const words = text.split(" ");
  return Object.fromEntries(words.filter((_, i) => i % 2 === 0).map((long, i) => [long, words[2 * i + 1]]));
}
