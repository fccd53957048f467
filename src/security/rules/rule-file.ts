import { InputError } from "../../shared/errors.js";
import { quote } from "../../shared/quote.js";
import { isTable, parseToml, type TomlDocument } from "../../shared/toml.js";
import { CompiledRules, compileRules } from "./compiled-rules.js";
import { parsePhrase } from "./phrase-syntax.js";
import { FieldReader, readRule, type Table } from "./rule-fields.js";
import type { Rule } from "./types.js";

/**
 * The rules of a TOML text (docs/rules.md): an array of tables `rule`, a table `words` of alternatives that phrases
 * name as `@name`, and a table `guards` of lists of phrases for `unless`.
 * Every phrase and pattern is checked. `hits` and `misses` may be absent; a rule that does not hold to its own is refused.
 * @param name what messages call the text: its file
 * @throws {InputError} `M2M_RULES_INVALID` with file, line, rule id and field
 */
export async function parseRules(text: string, name: string): Promise<Rule[]> {
  const document = await parseToml(text, name, "M2M_RULES_INVALID");
  const reader = new RulesReader(document, name);
  const rules = reader.read();
  reader.assertExamples(rules);
  return rules;
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

  /** Each rule matches its `hits` and none of its `misses`, in the first of its contexts. @param rules what `read` gave */
  assertExamples(rules: readonly Rule[]): void {
    if (rules.every(({ hits, misses }) => hits.length + misses.length === 0)) return;
    const compiled = new CompiledRules(rules, compileRules(rules));
    rules.forEach((rule, index) => {
      const { id, contexts: [context] = ["user"], hits, misses } = rule;
      const isHit = (text: string): boolean => compiled.match(text, context).some((hit) => hit.rule === rule);
      const refuse = (key: string, text: string, why: string): InputError =>
        this.#invalid(["rule", String(index), key], `${id}: ${key}: ${quote(text)} ${why}`);
      const unmatched = hits.find((text) => !isHit(text));
      if (unmatched !== undefined) throw refuse("hits", unmatched, "is not matched");
      const matched = misses.find(isHit);
      if (matched !== undefined) throw refuse("misses", matched, "is matched");
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
    return readRule(
      entry,
      (key, why) => this.#invalid(key === undefined ? path : [...path, key], why),
      (key, fields) => this.#phrases(key, fields),
    );
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
