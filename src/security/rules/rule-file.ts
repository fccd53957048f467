import { InputError, M2MError } from "../../shared/errors.js";
import { quote } from "../../shared/quote.js";
import { isTable, parseToml, type TomlDocument } from "../../shared/toml.js";
import { SEGMENT_CONTEXTS, SEVERITIES, THREAT_CATEGORIES } from "../types.js";
import { assertBoundedPattern } from "./pattern-bounds.js";
import { parsePhrase } from "./phrase-syntax.js";
import type { Rule } from "./types.js";

type Table = Readonly<Record<string, unknown>>;

const KEYS = [
  ...["id", "name", "category", "severity", "weight", "description", "contexts"],
  ...["phrases", "unless", "patterns", "hits", "misses"],
];
const ID = /^[A-Z][A-Z0-9]*(?:-[A-Z0-9]+){1,4}$/;

/**
 * The rules of a TOML text (docs/rules.md): an array of tables `rule`, a table `words` of alternatives that phrases
 * name as `@name`, and a table `guards` of lists of phrases for `unless`.
 * Every phrase and pattern is checked; `hits` and `misses` may be absent and are not run.
 * @param name what messages call the text: its file
 * @throws {InputError} `M2M_RULES_INVALID` with file, line, rule id and field
 */
export async function parseRules(text: string, name: string): Promise<Rule[]> {
  const document = await parseToml(text, name, "M2M_RULES_INVALID");
  return new RulesReader(document, name).read();
}

/** Reads one document; knows where it stands, for messages. */
class RulesReader {
  readonly #document: TomlDocument;
  readonly #fileName: string;
  #words: ReadonlyMap<string, string> = new Map();
  #guards: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(document: TomlDocument, fileName: string) {
    this.#document = document;
    this.#fileName = fileName;
  }

  read(): Rule[] {
    const { root } = this.#document;
    for (const key of Object.keys(root))
      if (!["rule", "guards", "words"].includes(key))
        throw this.#invalid([key], `${quote(key)} is unknown; a file holds [[rule]], [guards] and [words]`);
    this.#words = this.#readWords(root);
    this.#guards = this.#readGuards(root);
    const entries = Object.hasOwn(root, "rule") ? root.rule : [];
    if (!Array.isArray(entries)) throw this.#invalid(["rule"], "rule is a list of tables: [[rule]]");
    const ids = new Set<string>();
    return entries.map((entry: unknown, index) => {
      const path = ["rule", String(index)];
      if (!isTable(entry)) throw this.#invalid(path, "rule is a list of tables: [[rule]]");
      const rule = this.#readRule(entry, path);
      if (ids.has(rule.id)) throw this.#invalid([...path, "id"], `${rule.id}: id is there twice`);
      ids.add(rule.id);
      return rule;
    });
  }

  #readWords(root: Table): ReadonlyMap<string, string> {
    const { table, fields } = this.#table(root, "words");
    return new Map(Object.keys(table).map((key) => [key, fields.text(key)]));
  }

  #readGuards(root: Table): ReadonlyMap<string, readonly string[]> {
    const { table, fields } = this.#table(root, "guards");
    return new Map(Object.keys(table).map((key) => [key, this.#phrases(key, fields) ?? []]));
  }

  /** A table of the root that may be absent. */
  #table(root: Table, name: string): { table: Table; fields: FieldReader } {
    const table = Object.hasOwn(root, name) ? root[name] : {};
    if (!isTable(table)) throw this.#invalid([name], `${name} is a table`);
    const fields = new FieldReader(table, name, (key, why) => this.#invalid([name, key], why));
    return { table, fields };
  }

  #readRule(entry: Table, path: readonly string[]): Rule {
    const id = entry.id;
    if (typeof id !== "string" || !ID.test(id))
      throw this.#invalid(
        [...path, "id"],
        "a rule's id is capitals and digits with dashes, such as ACME-INJ-001",
      );
    const fields = new FieldReader(entry, id, (key, why) => this.#invalid([...path, key], why));
    fields.assertKeys(KEYS);
    const phrases = this.#phrases("phrases", fields) ?? [];
    const patterns = fields.checked("patterns", fields.texts("patterns") ?? [], assertBoundedPattern);
    if (phrases.length + patterns.length === 0)
      throw this.#invalid(path, `${id}: a rule has phrases or patterns`);
    const contexts = fields.texts("contexts");
    const unless = this.#phrases("unless", fields);
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
      patterns,
      hits: fields.texts("hits") ?? [],
      misses: fields.texts("misses") ?? [],
    };
  }

  /** A list of phrases, `@name` replaced: alone by the phrases of `guards`, in a phrase by the text of `words`. */
  #phrases(key: string, fields: FieldReader): readonly string[] | undefined {
    const phrases = fields.texts(key)?.flatMap((text) => {
      const list = text.startsWith("@") ? this.#guards.get(text.slice(1)) : undefined;
      return list ?? [text.replace(/@([\w-]+)/g, (_, name: string) => this.#word(name, key, fields))];
    });
    return phrases && fields.checked(key, phrases, parsePhrase);
  }

  #word(name: string, key: string, fields: FieldReader): string {
    const text = this.#words.get(name);
    if (text === undefined) throw fields.invalid(key, `@${name} is neither in words nor in guards`);
    return text;
  }

  #invalid(path: readonly string[], why: string): InputError {
    const line = this.#document.lineOf(path);
    return new InputError("M2M_RULES_INVALID", `${this.#fileName}:${line}: ${why}.`, { line });
  }
}

/** Reads the fields of one table; `place` makes the error for a field. */
class FieldReader {
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
