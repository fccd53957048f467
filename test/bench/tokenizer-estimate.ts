// The error of the estimate for closed tokenizers against the public vocabularies:
//   npx tsx test/bench/tokenizer-estimate.ts --corpus FILE
import { BPE_ENCODINGS } from "../../src/shared/encodings.js";
import { countTokens, estimateTokens } from "../../src/tokenizer/index.js";
import { describeRun, loadCorpus, quantile, table } from "./support.js";

const corpus = loadCorpus();
const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
const rows = BPE_ENCODINGS.map((encoding) => {
  let estimated = 0;
  let exact = 0;
  const errors = corpus.bodies.map(({ text }) => {
    const estimate = estimateTokens(text, { provider: "openai" });
    const count = countTokens(text, { encoding });
    estimated += estimate;
    exact += count;
    return estimate / count - 1;
  });
  const sizes = errors.map(Math.abs);
  return [
    encoding,
    percent(estimated / exact - 1),
    ...[0.5, 0.9, 0.99].map((share) => percent(quantile(sizes, share))),
    percent(quantile(errors, 0.01)),
    percent(quantile(errors, 0.99)),
  ];
});

console.log(`# Error of token estimates

${describeRun(corpus)}

${table(["against", "total", "median error", "90 % within", "99 % within", "1st percentile", "99th percentile"], rows)}`);
