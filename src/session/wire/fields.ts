import { FormatError } from "../../shared/errors.js";
import { isJsonObject } from "../../shared/json-value.js";

export type FieldErrorCode = "M2M_MESSAGE_INVALID" | "M2M_SNAPSHOT_INVALID";

/** Integers of the published peers have 64 bits without a sign. */
const MAX_U64 = 2 ** 64;

/**
 * Reads the members of a parsed JSON object, each by its type. Members that nobody asks for are ignored, as published peers
 * do; null counts as absent. Only own members are seen.
 */
export class FieldReader {
  readonly #value: Record<string, unknown>;
  readonly #path: string;
  readonly #code: FieldErrorCode;

  /**
   * @param path JSON Pointer of `value`, for messages
   * @throws {FormatError} `code` if `value` is no object
   */
  constructor(value: unknown, path: string, code: FieldErrorCode = "M2M_MESSAGE_INVALID") {
    if (!isJsonObject(value)) throw fault(code, path, "an object");
    this.#value = value;
    this.#path = path;
    this.#code = code;
  }

  has(key: string): boolean {
    return this.#get(key) !== undefined;
  }

  /** The members' names. */
  keys(): string[] {
    return Object.keys(this.#value);
  }

  object(key: string): FieldReader {
    return new FieldReader(this.#get(key), `${this.#path}/${key}`, this.#code);
  }

  /** A text of at most `maxLength` UTF-16 units. */
  text(key: string, maxLength: number, pattern?: RegExp): string {
    return this.#text(this.#get(key), key, maxLength, pattern);
  }

  texts(key: string, maxItems: number, maxLength: number): string[] {
    const value = this.#get(key);
    if (!Array.isArray(value) || value.length > maxItems) {
      throw this.fault(key, `an array of at most ${maxItems} texts`);
    }
    return value.map((item, index) => this.#text(item, `${key}/${index}`, maxLength));
  }

  /** The members of an object of texts, in a map: no name is special there. */
  textMap(key: string, maxItems: number, maxKeyLength: number, maxLength: number): Map<string, string> {
    const reader = this.object(key);
    const keys = reader.keys();
    if (keys.length > maxItems || keys.some((name) => name.length > maxKeyLength)) {
      throw this.fault(
        key,
        `an object of at most ${maxItems} members with names of at most ${maxKeyLength} characters`,
      );
    }
    return new Map(keys.map((name) => [name, reader.text(name, maxLength)]));
  }

  flag(key: string): boolean {
    const value = this.#get(key);
    if (typeof value !== "boolean") throw this.fault(key, "true or false");
    return value;
  }

  /** A whole number from 0, exact. */
  integer(key: string): number {
    const value = this.#get(key);
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      throw this.fault(key, "a whole number from 0 to 2^53 - 1");
    }
    return value as number;
  }

  /** A size in bytes: 0 is no limit, and so is one that is too large for this platform to reach. */
  sizeLimit(key: string): number {
    const value = this.#get(key);
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MAX_U64) {
      throw this.fault(key, "a whole number from 0 to 2^64 - 1");
    }
    return Number.isSafeInteger(value) ? value : 0;
  }

  /** A number from 0 to 1. */
  fraction(key: string): number {
    const value = this.#get(key);
    if (typeof value !== "number" || !(value >= 0 && value <= 1)) {
      throw this.fault(key, "a number from 0 to 1");
    }
    return value;
  }

  oneOf<Value extends string>(key: string, values: readonly Value[]): Value {
    const value = this.#get(key);
    if (!values.includes(value as Value)) throw this.fault(key, `one of ${values.join(", ")}`);
    return value as Value;
  }

  /** The error that says what `key` has to be. */
  fault(key: string, expected: string, present: boolean = this.has(key)): FormatError {
    return fault(this.#code, `${this.#path}/${key}`, present ? expected : `there, as ${expected}`);
  }

  #get(key: string): unknown {
    return Object.hasOwn(this.#value, key) ? (this.#value[key] ?? undefined) : undefined;
  }

  #text(value: unknown, key: string, maxLength: number, pattern?: RegExp): string {
    if (typeof value !== "string") throw this.fault(key, "a text", value !== undefined);
    if (value.length > maxLength) throw this.fault(key, `a text of at most ${maxLength} characters`, true);
    if (pattern && !pattern.test(value)) throw this.fault(key, `a text of the form ${pattern.source}`, true);
    return value;
  }
}

function fault(code: FieldErrorCode, path: string, expected: string): FormatError {
  const what = code === "M2M_MESSAGE_INVALID" ? "message" : "snapshot";
  const where = path === "" ? "it" : path.replace(/[^\x21-\x7e]/gu, "?").slice(0, 120);
  return new FormatError(code, `The ${what} is malformed: ${where} has to be ${expected}.`);
}
