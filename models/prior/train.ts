// npx tsx models/prior/train.ts --traffic train.jsonl.gz --out models/prior/m2m.prior [--without owner/name,…]
// Learns the prior of the codec `dictionary` from LLM traffic (models/prior/README.md). The same input gives the same bytes.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { priorName } from "../../src/codec/context/index.js";
import { openPrior, writePrior } from "../../src/codec/context/prior/prior-file.js";
import { readMessages } from "./corpus.js";
import { DEFAULT_OPTIONS, learn, toParts } from "./learn.js";

const { values } = parseArgs({
  options: {
    traffic: { type: "string" },
    out: { type: "string" },
    without: { type: "string", default: "" },
  },
});
if (values.traffic === undefined || values.out === undefined) {
  console.error("usage: train.ts --traffic FILE --out FILE [--without owner/name,…]");
  process.exit(2);
}
const without = new Set(values.without.split(","));
const messages = readMessages(values.traffic).filter(({ repository }) => !without.has(repository));
const started = performance.now();
const log = (line: string): void => {
  console.error(`${((performance.now() - started) / 1000).toFixed(1)} s  ${line}`);
};
log(`${messages.length} messages`);
const file = writePrior(toParts(learn(messages, { ...DEFAULT_OPTIONS, log })));
writeFileSync(values.out, file);
log(`${file.length} bytes, ${priorName(openPrior(file).hash)}`);
