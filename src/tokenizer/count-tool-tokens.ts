import { isJsonObject, listOf, textOf } from "../shared/json-value.js";
import type { TokenCounter } from "./choose-tokenizer.js";

/** What the OpenAI Cookbook's formula adds beside the texts ("How to count tokens with tiktoken", section 7). */
const PROPERTIES_TOKENS = 3;
const PROPERTY_TOKENS = 3;
const ENUM_TOKENS = -3;
const ENUM_ITEM_TOKENS = 3;
const END_TOKENS = 12;
/** Per function: 7 for models of o200k_base (gpt-4o and later), 10 for those before. */
const FUNCTION_TOKENS_O200K = 7;
const FUNCTION_TOKENS = 10;
/** Schemas nested deeper than this count no further; nothing real is. */
const MAX_DEPTH = 32;

/**
 * Tokens of function declarations in a chat request. The Cookbook counts the first level of properties; objects and
 * arrays within it are counted here by the same rule, so that a deep schema is not taken for a cheap one. So are tools that take
 * text (`custom`), of which it says nothing.
 * @param tools items of the request's `tools`
 */
export function countToolTokens(tools: readonly unknown[], counter: TokenCounter): number {
  if (tools.length === 0) return 0;
  let tokens = END_TOKENS;
  for (const tool of tools) {
    const declaration = declarationOf(tool);
    tokens += counter.encoding === "o200k_base" ? FUNCTION_TOKENS_O200K : FUNCTION_TOKENS;
    tokens += counter.count(
      `${textOf(declaration.name) ?? ""}:${withoutStop(textOf(declaration.description))}`,
    );
    tokens += countProperties(declaration.parameters, counter, 0);
    tokens += counter.count(grammarOf(declaration.format));
  }
  return tokens;
}

/** A function, or a tool that takes text. */
function declarationOf(tool: unknown): Record<string, unknown> {
  const declaration = isJsonObject(tool) ? (tool.function ?? tool.custom) : undefined;
  return isJsonObject(declaration) ? declaration : {};
}

/** The grammar of the text that a tool takes; in the Responses API it stands beside its type, not within. */
function grammarOf(format: unknown): string {
  if (!isJsonObject(format)) return "";
  const { definition } = isJsonObject(format.grammar) ? format.grammar : format;
  return textOf(definition) ?? "";
}

function countProperties(schema: unknown, counter: TokenCounter, depth: number): number {
  if (!isJsonObject(schema) || depth > MAX_DEPTH) return 0;
  const properties = isJsonObject(schema.properties) ? Object.entries(schema.properties) : [];
  let tokens = properties.length > 0 ? PROPERTIES_TOKENS : 0;
  for (const [name, property] of properties) {
    tokens += PROPERTY_TOKENS;
    if (!isJsonObject(property)) continue;
    if (Array.isArray(property.enum)) {
      tokens += ENUM_TOKENS;
      for (const item of property.enum) tokens += ENUM_ITEM_TOKENS + counter.count(spellingOf(item));
    }
    tokens += counter.count(`${name}:${typeOf(property.type)}:${withoutStop(textOf(property.description))}`);
    tokens += countProperties(property, counter, depth + 1);
  }
  return tokens + (isJsonObject(schema.items) ? countProperties(schema.items, counter, depth + 1) : 0);
}

function typeOf(type: unknown): string {
  return textOf(type) ?? listOf(type).map(spellingOf).join("|");
}

/** A scalar as text; arrays and objects, which an enumeration hardly has, count as nothing. */
function spellingOf(value: unknown): string {
  return value === null || ["string", "number", "boolean"].includes(typeof value) ? String(value) : "";
}

function withoutStop(description = ""): string {
  return description.endsWith(".") ? description.slice(0, -1) : description;
}

/** What clients send in place of leaving a member out. */
export function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
