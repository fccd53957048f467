/** Long spelling and short spelling, in the order of docs/spec/t1.md. */
export type NamePairs = ReadonlyArray<readonly [long: string, short: string]>;

/** Stands before a name that would otherwise read as a short one, or that itself begins with it. */
export const ESCAPE = "~";

/** Begins the short names that versions after this one may add. Never written unescaped, refused when read so. */
export const RESERVED = ":";

/** Keys of the text's outermost object: request, response, stream chunk or bare message. */
export const ROOT_KEYS: NamePairs = [
  ["messages", "m"],
  ["content", "c"],
  ["role", "r"],
  ["model", "M"],
  ["temperature", "T"],
  ["max_tokens", "x"],
  ["top_p", "p"],
  ["stream", "s"],
  ["stop", "S"],
  ["seed", "se"],
  ["user", "u"],
  ["frequency_penalty", "f"],
  ["presence_penalty", "P"],
  ["logit_bias", "lb"],
  ["logprobs", "lp"],
  ["top_logprobs", "tlp"],
  ["response_format", "rf"],
  ["tools", "ts"],
  ["tool_choice", "tc"],
  ["functions", "fs"],
  ["function_call", "fc"],
  ["choices", "C"],
  ["usage", "U"],
  ["created", "cr"],
  ["object", "o"],
  ["system_fingerprint", "sf"],
];

export const MESSAGE_KEYS: NamePairs = [
  ["role", "r"],
  ["content", "c"],
  ["name", "n"],
  ["tool_calls", "tc"],
  ["function_call", "fc"],
];

export const TOOL_CALL_KEYS: NamePairs = [
  ["index", "i"],
  ["type", "t"],
  ["function", "fn"],
];

export const CALLED_FUNCTION_KEYS: NamePairs = [
  ["name", "n"],
  ["arguments", "a"],
];

/** A tool declaration and the function in it; also the flat form, without the function object. */
export const DECLARATION_KEYS: NamePairs = [
  ["type", "t"],
  ["function", "fn"],
  ["name", "n"],
  ["description", "desc"],
  ["parameters", "params"],
  ["required", "req"],
  ["properties", "props"],
];

export const TOOL_CHOICE_KEYS: NamePairs = [
  ["type", "t"],
  ["function", "fn"],
  ["name", "n"],
];

export const RESPONSE_FORMAT_KEYS: NamePairs = [["type", "t"]];

export const CHOICE_KEYS: NamePairs = [
  ["index", "i"],
  ["message", "m"],
  ["delta", "d"],
  ["finish_reason", "fr"],
  ["logprobs", "lp"],
];

export const USAGE_KEYS: NamePairs = [
  ["prompt_tokens", "pt"],
  ["completion_tokens", "ct"],
  ["total_tokens", "tt"],
];

export const ROLES: NamePairs = [
  ["system", "s"],
  ["user", "u"],
  ["assistant", "a"],
  ["function", "f"],
  ["tool", "t"],
];

export const FINISH_REASONS: NamePairs = [
  ["stop", "s"],
  ["length", "l"],
  ["tool_calls", "tc"],
  ["content_filter", "cf"],
  ["function_call", "fc"],
];

export const RESPONSE_FORMAT_TYPES: NamePairs = [
  ["text", "t"],
  ["json_object", "j"],
  ["json_schema", "js"],
];

/**
 * What the published codec (m2m-protocol 0.4.0, src/codec/tables.rs) writes instead of the names above. Read, never
 * written; its other short keys equal ours.
 */
export const DIALECT = Object.freeze({
  rootKeys: [
    ["tool_choice", "tx"],
    ["error", "E"],
  ] satisfies NamePairs,
  choiceKeys: [["delta", "D"]] satisfies NamePairs,
  roles: [
    ["system", "S"],
    ["assistant", "A"],
    ["function", "F"],
    ["tool", "T"],
  ] satisfies NamePairs,
  models: [
    ["gpt-4o", "g4o"],
    ["gpt-4o-mini", "g4om"],
    ["gpt-4-turbo", "g4t"],
    ["gpt-4", "g4"],
    ["gpt-3.5-turbo", "g35t"],
    ["llama-3.1-405b", "l31405"],
    ["llama-3.1-70b", "l3170"],
    ["llama-3.1-8b", "l318"],
    ["llama-3.3-70b", "l3370"],
    ["mistral-large-latest", "mll"],
    ["mistral-small-latest", "msl"],
    ["mixtral-8x7b", "mx87"],
    ["mixtral-8x22b", "mx822"],
    ["deepseek-v3", "dv3"],
    ["deepseek-r1", "dr1"],
    ["deepseek-coder", "dc"],
    ["qwen-2.5-72b", "q2572"],
    ["qwen-2.5-32b", "q2532"],
    ["qwen-2.5-coder-32b", "qc32"],
  ] satisfies NamePairs,
});
