import { lazily } from "../../shared/lazy.js";
import type { SegmentContext } from "../types.js";
import { makeBuiltinRules } from "./builtin.gen.js";
import { CompiledRules } from "./compiled-rules.js";
import type { Rule, RuleHit } from "./types.js";

/** An unchangeable set of rules. It is compiled when the first text is matched. */
export class RuleSet {
  readonly rules: readonly Rule[];
  readonly #compiled: () => CompiledRules;

  private constructor(rules: readonly Rule[]) {
    this.rules = rules;
    this.#compiled = lazily(() => new CompiledRules(rules));
  }

  /** The rules that come with the package (docs/rules.md). */
  static builtin(): RuleSet {
    return new RuleSet(makeBuiltinRules());
  }

  /** This set and `rules`; a rule with the id of an older one takes its place. */
  with(rules: readonly Rule[]): RuleSet {
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
   * @throws {InputError} `M2M_RULES_INVALID` on the first call, if a rule was not made by `parseRules` and is wrong
   */
  match(text: string, context: SegmentContext): RuleHit[] {
    return this.#compiled().match(text, context);
  }
}
