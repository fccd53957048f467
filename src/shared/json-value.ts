/** Whether a parsed JSON value is an object (no array, not null). */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a member is there and not null, which some clients send in place of leaving it out. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The own member `key` of a parsed JSON object; `undefined` for any other value. Never looks at a prototype. */
export function member(value: unknown, key: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The items of an array; none of any other value. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** A text; `undefined` for any other value. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The value of a JSON text; `undefined` if it is none. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
