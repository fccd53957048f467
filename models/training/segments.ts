/**
 * Reads JSONL of texts (`{text}`) from stdin and writes the distinct segments that the scanner makes of them, as JSONL
 * `{text, context}`: real traffic, for training on what is harmless. What a strong rule hits is left out.
 *
 *   node --import tsx models/training/segments.ts < bodies.jsonl > segments.jsonl
 */
import { createInterface } from "node:readline";
import { splitContent } from "../../src/security/content/index.js";
import { RuleSet } from "../../src/security/rules/index.js";

const STRONG_WEIGHT = 0.5;
const MAX_UNITS = 1500;

const rules = RuleSet.builtin();
const seen = new Set<string>();
for await (const line of createInterface({ input: process.stdin })) {
  const { text } = JSON.parse(line) as { text: string };
  for (const segment of splitContent(text).segments) {
    const cut = segment.text.slice(0, MAX_UNITS);
    // Numbers and dates differ everywhere and say nothing.
    const kind = cut.toLowerCase().replace(/\d+/g, "0").slice(0, 80);
    if (seen.has(kind)) continue;
    seen.add(kind);
    if (rules.match(cut, segment.context).some(({ rule }) => rule.weight >= STRONG_WEIGHT)) continue;
    process.stdout.write(`${JSON.stringify({ text: cut, context: segment.context })}\n`);
  }
}
