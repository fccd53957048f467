/** A JSON Schema (draft 2020-12), as far as it is written here. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

type Members = Readonly<Record<string, JsonSchema>>;

/** An object with these members and no others. */
export function object(required: Members, optional: Members = {}, description?: string): JsonSchema {
  return {
    type: "object",
    ...(description !== undefined && { description }),
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}

export function list(items: JsonSchema, description?: string): JsonSchema {
  return { type: "array", ...(description !== undefined && { description }), items };
}

export function text(description?: string, more: JsonSchema = {}): JsonSchema {
  return { type: "string", ...(description !== undefined && { description }), ...more };
}

export function flag(description?: string): JsonSchema {
  return { type: "boolean", ...(description !== undefined && { description }) };
}

/** A whole number from 0. */
export function count(description?: string): JsonSchema {
  return { type: "integer", minimum: 0, ...(description !== undefined && { description }) };
}

export function number(description?: string): JsonSchema {
  return { type: "number", ...(description !== undefined && { description }) };
}

/** A probability. */
export function fraction(description?: string): JsonSchema {
  return { type: "number", minimum: 0, maximum: 1, ...(description !== undefined && { description }) };
}

export function oneOf(values: readonly unknown[], description?: string): JsonSchema {
  return { enum: values, ...(description !== undefined && { description }) };
}
