import { InputError, M2MError } from "../../shared/errors.js";
import { quote } from "../../shared/quote.js";
import { SEGMENT_CONTEXTS, SEVERITIES, THREAT_CATEGORIES } from "../types.js";
import { assertBoundedPattern } from "./pattern-bounds.js";
import { assertSlot, parsePhrase } from "./phrase-syntax.js";
import type { Rule } from "./types.js";

export type Table = Readonly<Record<string, unknown>>;

const KEYS = [
  ...["id", "name", "category", "severity", "weight", "description", "contexts"],
  ...["phrases", "unless", "except", "patterns", "hits", "misses"],
];
const ID = /^[A-Z][A-Z0-9]*(?:-[A-Z0-9]+){1,4}$/;

/**
 * Rules that a program has made, by the checks of those in a file.
 * @throws {InputError} `M2M_RULES_INVALID` with rule id and field
 */
export function assertRules(rules: unknown): void {
  if (!Array.isArray(rules)) throw new InputError("M2M_RULES_INVALID", "Rules are a list.");
  rules.forEach(assertRule);
}

function assertRule(rule: unknown): void {
  const invalid = (_key: string | undefined, why: string): InputError =>
    new InputError("M2M_RULES_INVALID", `${why}.`, { hint: "docs/rules.md says what a rule has." });
  if (typeof rule !== "object" || rule === null) throw invalid(undefined, "a rule is an object");
  readRule(rule as Table, invalid, (key, fields) => {
    const texts = fields.texts(key);
    return texts && fields.checked(key, texts, parsePhrase);
  });
  // A file may leave one of them out; what is matched has both.
  const { id, phrases, patterns } = rule as Rule;
  for (const [name, list] of Object.entries({ phrases, patterns }))
    if ((list as unknown) === undefined) throw invalid(name, `${id}: ${name}: is missing`);
}

/**
 * The rule that the fields of `entry` are.
 * @param invalid makes the error for a field, or for all of it
 * @param readPhrases gives the phrases of a field, checked; `undefined` if it is not there
 */
export function readRule(
  entry: Table,
  invalid: (key: string | undefined, why: string) => InputError,
  readPhrases: (key: string, fields: FieldReader) => readonly string[] | undefined,
): Rule {
  const id = entry.id;
  if (typeof id !== "string" || !ID.test(id))
    throw invalid("id", "a rule's id is capitals and digits with dashes, such as ACME-INJ-001");
  const fields = new FieldReader(entry, id, invalid);
  fields.assertKeys(KEYS);
  const phrases = readPhrases("phrases", fields) ?? [];
  const patterns = fields.checked("patterns", fields.texts("patterns") ?? [], assertBoundedPattern);
  if (phrases.length + patterns.length === 0)
    throw invalid(undefined, `${id}: a rule has phrases or patterns`);
  const contexts = fields.texts("contexts");
  const unless = readPhrases("unless", fields);
  const except = readPhrases("except", fields);
  if (except) fields.checked("except", except, assertSlot);
  return {
    id,
    name: fields.text("name"),
    category: fields.oneOf("category", fields.text("category"), THREAT_CATEGORIES),
    severity: fields.oneOf("severity", fields.text("severity"), SEVERITIES),
    weight: fields.weight("weight"),
    description: fields.text("description"),
    ...(contexts && {
      contexts: contexts.map((context) => fields.oneOf("contexts", context, SEGMENT_CONTEXTS)),
    }),
    phrases,
    ...(unless && { unless }),
    ...(except && { except }),
    patterns,
    hits: fields.texts("hits") ?? [],
    misses: fields.texts("misses") ?? [],
  };
}

/** Reads the fields of one table; `place` makes the error for a field. */
export class FieldReader {
  readonly #table: Table;
  readonly #owner: string;
  readonly #place: (key: string, why: string) => InputError;

  constructor(table: Table, owner: string, place: (key: string, why: string) => InputError) {
    this.#table = table;
    this.#owner = owner;
    this.#place = place;
  }

  invalid(key: string, why: string): InputError {
    return this.#place(key, `${this.#owner}: ${key}: ${why}`);
  }

  assertKeys(keys: readonly string[]): void {
    for (const key of Object.keys(this.#table))
      if (!keys.includes(key)) throw this.invalid(key, `is unknown; a rule has ${keys.join(", ")}`);
  }

  text(key: string): string {
    const value = this.#get(key);
    if (typeof value === "string" && value.trim() !== "") return value;
    throw this.invalid(key, value === undefined ? "is missing" : "is a text");
  }

  texts(key: string): string[] | undefined {
    const value = this.#get(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    throw this.invalid(key, "is a list of texts");
  }

  oneOf<Option extends string>(key: string, value: string, options: readonly Option[]): Option {
    const found = options.find((option) => option === value);
    if (found !== undefined) return found;
    throw this.invalid(key, `${quote(value)} is none of ${options.join(", ")}`);
  }

  weight(key: string): number {
    const value = this.#get(key);
    if (typeof value === "number" && value > 0 && value <= 1) return value;
    throw this.invalid(key, "is a number over 0, at most 1");
  }

  /** `texts`, each accepted by `check`. */
  checked(key: string, texts: readonly string[], check: (text: string) => unknown): readonly string[] {
    for (const text of texts) {
      try {
        check(text);
      } catch (cause) {
        if (!(cause instanceof M2MError)) throw cause;
        throw this.invalid(key, cause.message.replace(/\.$/, ""));
      }
    }
    return texts;
  }

  #get(key: string): unknown {
    return Object.hasOwn(this.#table, key) ? this.#table[key] : undefined;
  }
}
