import { InputError } from "../../shared/errors.js";
import { quote } from "../../shared/quote.js";
import { CharSet } from "./char-set.js";

/** A pattern, parsed. Case is ignored, `^` and `$` stand at lines. */
export type PatternNode =
  | { readonly kind: "set"; readonly set: CharSet }
  /** `^`, `$`, `\b`, `\B`: of no length. */
  | { readonly kind: "assertion" }
  | { readonly kind: "sequence"; readonly items: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly branches: readonly PatternNode[] }
  | { readonly kind: "repeat"; readonly item: PatternNode; readonly min: number; readonly max: number };

/** Longest repetition of one character, and of a group. */
const MAX_REPEAT = 200;
const MAX_GROUP_REPEAT = 16;

/**
 * Parses the bounded subset of JavaScript's regular expressions that rules may use: literals, classes, `.`, `(?:…)`,
 * `|`, `?`, `{m,n}`, `^`, `$`, `\b`. There are no captures, backreferences, lookarounds, `*`, `+`, `{m,}`, and no
 * repetition in a repetition (only `?` may stand around one).
 * @throws {InputError} `M2M_RULES_INVALID`, the message without a place
 */
export function parsePattern(source: string): PatternNode {
  return new PatternParser(source).parse();
}

class PatternParser {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): PatternNode {
    try {
      new RegExp(this.#source, "im");
    } catch (cause) {
      throw this.#invalid("is no regular expression", cause);
    }
    const node = this.#choice();
    if (this.#at < this.#source.length) throw this.#invalid("has an unmatched )");
    return node;
  }

  #choice(): PatternNode {
    const branches = [this.#sequence()];
    while (this.#skip("|")) branches.push(this.#sequence());
    return branches.length === 1 ? branches[0] : { kind: "choice", branches };
  }

  #sequence(): PatternNode {
    const items: PatternNode[] = [];
    while (this.#at < this.#source.length && !"|)".includes(this.#source[this.#at]))
      items.push(this.#quantified(this.#atom()));
    return { kind: "sequence", items };
  }

  #quantified(item: PatternNode): PatternNode {
    const rest = this.#source.slice(this.#at);
    if (/^[*+]/.test(rest)) throw this.#invalid("repeats without a bound: write {0,N} for * and {1,N} for +");
    if (rest.startsWith("?")) {
      this.#at++;
      this.#assertPlain();
      return { kind: "repeat", item, min: 0, max: 1 };
    }
    const match = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(rest);
    if (!match) return item;
    this.#at += match[0].length;
    this.#assertPlain();
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : Number(match[3]);
    if (match[3] === "") throw this.#invalid("repeats without a bound: write {m,n} for {m,}");
    const limit = item.kind === "set" ? MAX_REPEAT : MAX_GROUP_REPEAT;
    if (max > limit) throw this.#invalid(`repeats more than ${limit} times`);
    if (max > 1 && repeats(item)) throw this.#invalid("has a repetition in a repetition");
    return { kind: "repeat", item, min, max };
  }

  #assertPlain(): void {
    if (/^[?*+{]/.test(this.#source.slice(this.#at))) throw this.#invalid("has a lazy or double quantifier");
  }

  #atom(): PatternNode {
    const character = this.#source[this.#at++];
    switch (character) {
      case "(":
        return this.#group();
      case "^":
      case "$":
        return { kind: "assertion" };
      case ".":
        return { kind: "set", set: CharSet.of("\n").or(CharSet.of("\r")).not() };
      case "[":
        return { kind: "set", set: this.#class() };
      case "\\":
        return this.#escape();
      default:
        return { kind: "set", set: CharSet.of(character) };
    }
  }

  #group(): PatternNode {
    if (!this.#skip("?:")) throw this.#invalid("has a group other than (?:…)");
    const node = this.#choice();
    this.#skip(")");
    return node;
  }

  #escape(): PatternNode {
    const next = this.#source[this.#at];
    if (next === "b" || next === "B") {
      this.#at++;
      return { kind: "assertion" };
    }
    return { kind: "set", set: this.#escapedSet() };
  }

  /** What stands behind a backslash: a class or a character. */
  #escapedSet(): CharSet {
    const next = this.#source[this.#at++];
    const named = CharSet.named(next);
    if (named) return named;
    const control = CONTROLS.get(next);
    if (control !== undefined) return CharSet.of(control);
    const hex = /^(?:x([0-9a-f]{2})|u([0-9a-f]{4}))/i.exec(this.#source.slice(this.#at - 1));
    if (hex) {
      this.#at += hex[0].length - 1;
      return CharSet.of(String.fromCharCode(parseInt(hex[1] ?? hex[2], 16)));
    }
    if (/[a-z0-9]/i.test(next)) throw this.#invalid(`has \\${next}, which rules may not use`);
    return CharSet.of(next);
  }

  #class(): CharSet {
    const isNegated = this.#skip("^");
    let set = CharSet.none();
    while (this.#source[this.#at] !== "]") {
      const first = this.#member();
      if (
        this.#source[this.#at] === "-" &&
        this.#source[this.#at + 1] !== "]" &&
        first.single !== undefined
      ) {
        this.#at++;
        const last = this.#member();
        if (last.single === undefined) throw this.#invalid("has a range that ends with a class");
        set = set.or(CharSet.range(first.single, last.single));
      } else set = set.or(first.set);
    }
    this.#at++;
    return isNegated ? set.not() : set;
  }

  #member(): { set: CharSet; single?: string } {
    const from = this.#at;
    if (!this.#skip("\\")) {
      const single = this.#source[this.#at++];
      return { set: CharSet.of(single), single };
    }
    if (this.#skip("b")) return { set: CharSet.of("\b"), single: "\b" };
    const set = this.#escapedSet();
    const isNamed = this.#at - from === 2 && CharSet.named(this.#source[from + 1]) !== undefined;
    return isNamed ? { set } : { set, single: set.single };
  }

  #skip(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #invalid(why: string, cause?: unknown): InputError {
    return new InputError("M2M_RULES_INVALID", `The pattern ${quote(this.#source)} ${why}.`, { cause });
  }
}

const CONTROLS: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["f", "\f"],
  ["v", "\v"],
]);

/** Whether something in the node repeats more than once. */
function repeats(node: PatternNode): boolean {
  switch (node.kind) {
    case "sequence":
      return node.items.some(repeats);
    case "choice":
      return node.branches.some(repeats);
    case "repeat":
      return node.max > 1 || repeats(node.item);
    case "set":
    case "assertion":
      return false;
  }
}
