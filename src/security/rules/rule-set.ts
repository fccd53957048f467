import { InputError } from "../../shared/errors.js";
import { lazily } from "../../shared/lazy.js";
import type { SegmentContext } from "../types.js";
import { makeBuiltinRules } from "./builtin.gen.js";
import { BUILTIN_PROGRAM } from "./builtin-program.gen.js";
import { CompiledRules, compileRules } from "./compiled-rules.js";
import { unpackProgram } from "./packed-program.js";
import { assertRule } from "./rule-fields.js";
import type { Rule, RuleHit } from "./types.js";

/** An unchangeable set of rules. It is compiled when the first text is matched. */
export class RuleSet {
  readonly rules: readonly Rule[];
  readonly #compiled: () => CompiledRules;

  /** @param packed what was worked out about these very rules before */
  private constructor(rules: readonly Rule[], packed?: string) {
    this.rules = rules;
    this.#compiled = lazily(
      () => new CompiledRules(rules, packed === undefined ? compileRules(rules) : unpackProgram(packed)),
    );
  }

  /** The rules that come with the package (docs/rules.md). */
  static builtin(): RuleSet {
    return new RuleSet(makeBuiltinRules(), BUILTIN_PROGRAM);
  }

  /**
   * This set and `rules`; a rule with the id of an older one takes its place.
   * @throws {InputError} `M2M_RULES_INVALID` with rule id and field, by the checks of `parseRules`
   */
  with(rules: readonly Rule[]): RuleSet {
    const isList: boolean = Array.isArray(rules);
    if (!isList) throw new InputError("M2M_RULES_INVALID", "Rules are a list.");
    rules.forEach(assertRule);
    const byId = new Map([...this.rules, ...rules].map((rule) => [rule.id, rule]));
    return new RuleSet([...byId.values()]);
  }

  /** This set without the rules that have one of `ids`. */
  without(ids: readonly string[]): RuleSet {
    const unwanted = new Set(ids);
    return new RuleSet(this.rules.filter(({ id }) => !unwanted.has(id)));
  }

  /**
   * Where rules match, in the order of the text: at most 16 hits of a rule, none overlapping another of the same rule.
   * Time is linear in the text's length whatever the text (docs/rules.md).
   */
  match(text: string, context: SegmentContext): RuleHit[] {
    return this.#compiled().match(text, context);
  }
}
