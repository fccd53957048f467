/**
 * Reads JSONL records `{text, context}` from stdin and writes, one line a record, what the scanner makes of each: its
 * views, with the evidence of the rules. Training fits the fusion on it.
 *
 *   node --import tsx models/training/views.ts < records.jsonl > views.jsonl
 */
import { createInterface } from "node:readline";
import { isDisguised, ruleEvidence } from "../../src/security/evidence.js";
import { RuleSet } from "../../src/security/rules/index.js";
import { viewsOf } from "../../src/security/text/index.js";
import type { SegmentContext } from "../../src/security/types.js";

const rules = RuleSet.builtin();
let pending = "";
for await (const line of createInterface({ input: process.stdin })) {
  const { text, context } = JSON.parse(line) as { text: string; context: SegmentContext };
  const views = viewsOf(text).map((view) => ({
    ...(view.text === text ? {} : { text: view.text }),
    disguised: isDisguised(view),
    ...ruleEvidence(rules.match(view.text, context)),
  }));
  pending += `${JSON.stringify(views)}\n`;
  if (pending.length < 1 << 20) continue;
  process.stdout.write(pending);
  pending = "";
}
process.stdout.write(pending);
